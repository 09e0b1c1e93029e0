# Header-only libraries for a build for browsers: those of the machine, without the rest of /usr/include, which is
# of another system.
set(headers ${PROJECT_BINARY_DIR}/headers)
find_path(tempera_protozero protozero/pbf_reader.hpp PATHS /usr/include NO_DEFAULT_PATH REQUIRED)
find_path(tempera_hwy hwy/highway.h PATHS /usr/include NO_DEFAULT_PATH REQUIRED)
file(MAKE_DIRECTORY ${headers}/hwy)
file(CREATE_LINK ${tempera_protozero}/protozero ${headers}/protozero SYMBOLIC)
# Highway with what it lacks for WebAssembly (src/kernels/wasm_vectors.h).
file(GLOB entries RELATIVE ${tempera_hwy}/hwy ${tempera_hwy}/hwy/*)
foreach(entry ${entries})
  if(entry STREQUAL "highway.h")
    file(CREATE_LINK ${tempera_hwy}/hwy/highway.h ${headers}/hwy/highway_itself.h SYMBOLIC)
  else()
    file(CREATE_LINK ${tempera_hwy}/hwy/${entry} ${headers}/hwy/${entry} SYMBOLIC)
  endif()
endforeach()
file(CONFIGURE OUTPUT ${headers}/hwy/highway.h
     CONTENT "#include \"hwy/highway_itself.h\"\n#include \"src/kernels/wasm_vectors.h\"\n")
include_directories(SYSTEM ${headers})
add_library(PkgConfig::HWY INTERFACE IMPORTED GLOBAL)
# Workers of the page, not threads of a system.
add_library(Threads::Threads INTERFACE IMPORTED)
# A page is to be there at once: what pictures never need is left out (src/ops/ops.cc, element_types.h).
add_compile_definitions(TEMPERA_FEWER_OPERATORS)
