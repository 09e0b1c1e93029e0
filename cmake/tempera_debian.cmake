# The packages themselves.
set(about "Tempera turns pictures and films into paintings in real time, on any\n\
computer with SSE4.2 or NEON: no large GPU, nothing sent to a server. A style\n\
is a small network, trained from one picture and kept in one .onnx file.")
get_target_property(soversion tempera_shared SOVERSION)

if(TEMPERA_BUILD_CLI)
  # It is loaded when a film needs it (media/filter_library.h), so that dpkg-shlibdeps does not see it.
  string(REGEX MATCH "^[0-9]+" avfilter_soversion "${AVFILTER_VERSION}")
  tempera_package(command PACKAGE tempera TARGETS tempera_command tempera_man
    DEPENDS libavfilter${avfilter_soversion} RECOMMENDS "tempera-styles (>= ${PROJECT_VERSION})" libpipewire-0.3-0 fonts-open-sans
    SUGGESTS ffmpeg graphviz
    SUMMARY "paints pictures and films in the style of a painting"
    DESCRIPTION "${about}\n\n\
This package contains the command tempera. It paints pictures, folders of\n\
them and films with their sound, shows what a network is made of, and\n\
measures how fast it runs.")
endif()

tempera_package(${component_prefix}library PACKAGE libtempera${soversion} SECTION libs LIBS TARGETS tempera_shared
  SUGGESTS tempera-styles
  SUMMARY "paints pictures and films in the style of a painting - library"
  DESCRIPTION "${about}\n\nThis package contains the shared library, for programs that paint.")

tempera_package(${component_prefix}development PACKAGE libtempera-dev SECTION libdevel TARGETS tempera_shared
  DEPENDS "libtempera${soversion} (= ${tempera_package_version})" RECOMMENDS tempera-styles SUGGESTS pkg-config cmake
  SUMMARY "paints pictures and films in the style of a painting - development"
  DESCRIPTION "${about}\n\n\
This package contains the headers for C and C++20, and what CMake and\n\
pkg-config need to find the library.")

tempera_package(styles PACKAGE tempera-styles DATA
  SUMMARY "paints pictures and films in the style of a painting - styles"
  DESCRIPTION "${about}\n\n\
This package contains the bundled styles, from The Starry Night to the pen\n\
drawings of Rembrandt, with a picture of each and a card that says how it\n\
was trained and where it falls short.")
