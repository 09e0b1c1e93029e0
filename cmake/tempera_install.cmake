# What `cmake --install` puts down: headers, library, command, styles, and how to find them; and what of it goes into
# which Debian package. A component that no package takes (the page, the licence) is for `cmake --install` alone.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT licence)
install(FILES ${PROJECT_SOURCE_DIR}/include/tempera/tempera.h ${PROJECT_SOURCE_DIR}/include/tempera/tempera.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tempera COMPONENT development)
# The command looks for ../share/tempera/styles, so not CMAKE_INSTALL_DATADIR, which may be elsewhere.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/ DESTINATION share/tempera/styles COMPONENT styles
        FILES_MATCHING PATTERN "*.onnx" PATTERN "*.jpg" PATTERN "*.md" PATTERN "styles.jpg" EXCLUDE
        PATTERN "masks" EXCLUDE)
# Mask networks lie beside the styles, so that nobody takes them for some.
if(IS_DIRECTORY ${PROJECT_SOURCE_DIR}/models/masks)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/masks/ DESTINATION share/tempera/masks COMPONENT styles
          FILES_MATCHING PATTERN "*.onnx" PATTERN "*.md")
endif()

# The page, where `make web` built it: the command looks for it as for the styles.
if(TEMPERA_BUILD_CLI)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/build/page/ DESTINATION share/tempera/page COMPONENT page OPTIONAL)
endif()

# The library, and how CMake and pkg-config find it, below LIBDIR. A component's name begins with PREFIX.
set(TEMPERA_STYLES_DIR share/tempera/styles)
# 0.x may change from minor to minor.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/temperaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
function(tempera_install_library libdir prefix)
  set(config_dir ${libdir}/cmake/tempera)
  set(made ${PROJECT_BINARY_DIR}/install/${libdir})
  install(TARGETS tempera_shared EXPORT ${prefix}tempera_targets
          LIBRARY DESTINATION ${libdir} COMPONENT ${prefix}library NAMELINK_COMPONENT ${prefix}development ${ARGN})
  install(EXPORT ${prefix}tempera_targets FILE temperaTargets.cmake NAMESPACE tempera:: DESTINATION ${config_dir}
          COMPONENT ${prefix}development ${ARGN})
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/temperaConfig.cmake.in ${made}/temperaConfig.cmake
    INSTALL_DESTINATION ${config_dir} PATH_VARS TEMPERA_STYLES_DIR)
  install(FILES ${made}/temperaConfig.cmake ${PROJECT_BINARY_DIR}/temperaConfigVersion.cmake
          DESTINATION ${config_dir} COMPONENT ${prefix}development ${ARGN})
  # pkg-config finds the prefix from where the file lies, so an installed tree can be moved.
  file(RELATIVE_PATH tempera_pc_to_prefix /${libdir}/pkgconfig /)
  set(tempera_pc_libdir ${libdir})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/tempera.pc.in ${made}/tempera.pc @ONLY)
  install(FILES ${made}/tempera.pc DESTINATION ${libdir}/pkgconfig COMPONENT ${prefix}development ${ARGN})
endfunction()
tempera_install_library(${CMAKE_INSTALL_LIBDIR} "")

if(CMAKE_LIBRARY_ARCHITECTURE AND NOT CMAKE_CROSSCOMPILING AND PROJECT_SOURCE_DIR STREQUAL CMAKE_SOURCE_DIR)
  # Debian's libraries lie in a folder of their processor, which is not CMake's unless the prefix is /usr.
  set(component_prefix "")
  if(NOT CMAKE_INSTALL_LIBDIR STREQUAL tempera_debian_libdir)
    set(component_prefix debian_)
    tempera_install_library(${tempera_debian_libdir} debian_ EXCLUDE_FROM_ALL)
    install(FILES ${PROJECT_SOURCE_DIR}/include/tempera/tempera.h ${PROJECT_SOURCE_DIR}/include/tempera/tempera.hpp
            DESTINATION include/tempera COMPONENT debian_development EXCLUDE_FROM_ALL)
  endif()
  include(tempera_debian)
  tempera_finish_packages()
endif()
