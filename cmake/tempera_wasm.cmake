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
# A page is to be there at once: what pictures never need is left out (src/ops/operator_table.cc, element_types.h).
add_compile_definitions(TEMPERA_FEWER_OPERATORS)

set(tempera_wasm_kernels "")
if(TEMPERA_WASM STREQUAL "relaxed")
  set(tempera_wasm_kernels -mrelaxed-simd -DTEMPERA_WASM_RELAXED)
endif()

# What every module is linked with: threads share a memory that the page makes, and an allocator with a lock. The stack
# lies first, so that one that is too deep leaves the memory, which is a trap, and writes over nothing.
function(tempera_wasm_link target)
  set(link -Wl,-O2,--gc-sections -Wl,--stack-first -Wl,-z,stack-size=524288)
  if(NOT TEMPERA_WASM STREQUAL "single")
    list(APPEND link -Wl,--shared-memory,--import-memory,--max-memory=1073741824,--no-check-features
         -Wl,--export=__stack_pointer,--export=__tls_base,--export=__tls_size,--export=__tls_align
         -Wl,--export=__wasm_init_tls)
    foreach(name malloc free calloc realloc posix_memalign aligned_alloc)
      list(APPEND link -Wl,--wrap=${name})
    endforeach()
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src/wasm/locked_allocator.cc)
  endif()
  target_link_options(${target} PRIVATE ${link})
endfunction()

# GoogleTest from its sources, for the tests of kernels, which Node runs (tests/wasm/run.mjs).
if(TEMPERA_BUILD_TESTS)
  find_path(tempera_googletest googletest/src/gtest-all.cc PATHS /usr/src/googletest NO_DEFAULT_PATH REQUIRED)
  foreach(library googletest googlemock)
    string(REPLACE google g name ${library})
    add_library(tempera_${name} STATIC ${tempera_googletest}/${library}/src/${name}-all.cc)
    target_include_directories(tempera_${name} SYSTEM PUBLIC ${tempera_googletest}/${library}/include
                                                     PRIVATE ${tempera_googletest}/${library})
    target_compile_definitions(tempera_${name} PUBLIC GTEST_HAS_PTHREAD=0 GTEST_HAS_DEATH_TEST=0
      GTEST_HAS_STREAM_REDIRECTION=0 GTEST_HAS_EXCEPTIONS=0 GTEST_HAS_FILE_SYSTEM=0)
    # wasi-libc's errno is one for all threads, and its header says otherwise.
    target_compile_options(tempera_${name} PRIVATE -fno-exceptions -Dthread_local=)
  endforeach()
  target_link_libraries(tempera_gmock PUBLIC tempera_gtest)
  add_library(tempera_gtest_main STATIC ${tempera_googletest}/googletest/src/gtest_main.cc
              ${PROJECT_SOURCE_DIR}/tests/wasm/thread_exit.cc)
  target_link_libraries(tempera_gtest_main PUBLIC tempera_gtest)
  foreach(name gtest gmock gtest_main)
    add_library(GTest::${name} ALIAS tempera_${name})
  endforeach()
endif()
