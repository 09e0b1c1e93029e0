# Headers are half and more of what a file costs to compile: those of the standard library are compiled once, for
# rooms compiled for speed and for those compiled for size. Not with g++, so that one build sees every file with its
# own includes only, and not through a compiler cache, which does better without.
set(tempera_precompiles OFF)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(tempera_precompiles ON)
  file(WRITE ${PROJECT_BINARY_DIR}/headers.cc "")
  foreach(kind fast small)
    add_library(tempera_${kind}_headers OBJECT ${PROJECT_BINARY_DIR}/headers.cc)
    target_compile_options(tempera_${kind}_headers PRIVATE -Wall -Wextra)
    target_precompile_headers(tempera_${kind}_headers PRIVATE <algorithm> <array> <atomic> <cmath> <cstring> <filesystem>
      <functional> <limits> <map> <memory> <mutex> <numeric> <optional> <set> <span> <sstream> <string> <string_view>
      <thread> <unordered_map> <utility> <variant> <vector>)
  endforeach()
  target_compile_options(tempera_small_headers PRIVATE $<$<CONFIG:Release>:-Os>)
endif()

# GoogleTest's headers are two thirds of what a test costs to compile.
if(TEMPERA_BUILD_TESTS AND tempera_precompiles)
  file(WRITE ${PROJECT_BINARY_DIR}/test_headers.cc "")
  add_library(tempera_test_headers OBJECT ${PROJECT_BINARY_DIR}/test_headers.cc)
  target_compile_options(tempera_test_headers PRIVATE -Wall -Wextra -fPIE $<$<CONFIG:Release>:-O0>)
  target_link_libraries(tempera_test_headers PRIVATE GTest::gtest GTest::gmock)
  target_precompile_headers(tempera_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h> <algorithm> <cmath> <cstring>
                            <filesystem> <functional> <memory> <optional> <random> <span> <string> <thread> <vector>)
endif()
# Everything that a room's own tests are in.
add_custom_target(tempera_unit_tests)

# Of kernels, only loops over vectors are compiled for speed in a browser's build, and without what -O3 unrolls
# beside them: what plans them runs once a size.
function(tempera_small_planners sources)
  foreach(file ${sources})
    file(STRINGS ${file} loops REGEX "foreach_target|wasm_simd128|PoolF32" LIMIT_COUNT 1)
    if(loops)
      set_property(SOURCE ${file} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:-O2>)
    else()
      set_property(SOURCE ${file} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:-Oz>)
    endif()
  endforeach()
endfunction()

# A room of the house: one folder, one static library tempera_<name>, and, where
# there are *_test.cc files beside the sources, one test binary tempera_<name>_test.
#   tempera_room(NAME [KERNELS | SMALL] [THROWS] [FOLDERS sub-folders that belong to it] [NATIVE files] DEPENDS other libraries)
# THROWS: catches exceptions, in a browser's build too. NATIVE: what needs a disk or a system's threads, and a browser's build is without (src/wasm).
# KERNELS: loops over vectors, whose tests have plain loops of their own. SMALL: compiled for size, what a frame spends
# no time in.
function(tempera_room name)
  cmake_parse_arguments(ROOM "KERNELS;SMALL;THROWS" "" "DEPENDS;FOLDERS;NATIVE" ${ARGN})
  set(globs *.cc)
  foreach(folder ${ROOM_FOLDERS})
    list(APPEND globs ${folder}/*.cc)
  endforeach()
  list(TRANSFORM globs PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  file(GLOB sources CONFIGURE_DEPENDS ${globs})
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  if(TEMPERA_WASM)
    foreach(file ${ROOM_NATIVE})
      list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    endforeach()
  endif()
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(TEMPERA_WASM)
    list(FILTER tests EXCLUDE REGEX "/(dot_amx|dot_trust|dot_neon)_test\\.cc$")  # other processors', threads
  endif()
  if(sources)
    add_library(tempera_${name} STATIC ${sources})
    target_include_directories(tempera_${name} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
    # In sections, so that a library leaves out what nobody calls.
    target_compile_options(tempera_${name} PRIVATE -Wall -Wextra -ffunction-sections -fdata-sections)
    target_link_libraries(tempera_${name} PUBLIC ${ROOM_DEPENDS})
    if(TEMPERA_WASM)
      # Sizes of models and pictures have 64 bits, addresses 32: no number is cut without a word.
      target_compile_options(tempera_${name} PRIVATE -Wshorten-64-to-32)
      # Only the reader of models meets exceptions, of the library it reads with and of memory that ends; elsewhere the
      # instance ends with it (src/wasm/exceptions.cc), and the page makes another.
      if(ROOM_THROWS)
        target_compile_options(tempera_${name} PRIVATE -fwasm-exceptions)
      else()
        target_compile_options(tempera_${name} PRIVATE -fno-exceptions)
      endif()
      if(ROOM_KERNELS)
        target_compile_options(tempera_${name} PRIVATE ${tempera_wasm_kernels})
        tempera_small_planners("${sources}")
      else()
        target_compile_options(tempera_${name} PRIVATE $<$<CONFIG:Release>:-Oz>)
      endif()
    elseif(ROOM_SMALL)
      target_compile_options(tempera_${name} PRIVATE $<$<CONFIG:Release>:-Os>)
    endif()
    if(tempera_precompiles AND NOT ROOM_KERNELS)
      if(ROOM_SMALL)
        target_precompile_headers(tempera_${name} REUSE_FROM tempera_small_headers)
      else()
        target_precompile_headers(tempera_${name} REUSE_FROM tempera_fast_headers)
      endif()
    endif()
  else()
    add_library(tempera_${name} INTERFACE)
    target_include_directories(tempera_${name} INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(tempera_${name} INTERFACE ${ROOM_DEPENDS})
  endif()
  # A browser's build tries its kernels; the rest is the same code as everywhere.
  if(TEMPERA_BUILD_TESTS AND tests AND (ROOM_KERNELS OR NOT TEMPERA_WASM))
    add_executable(tempera_${name}_test ${tests})
    # Most tests spend their time in the rooms, not in themselves: half of what they cost to compile was optimising
    # assertions. Twins of kernels have plain loops of their own, which an emulator makes long.
    set(optimise $<$<CONFIG:Release>:-O0>)
    if(ROOM_KERNELS)
      set(optimise "")
    endif()
    target_compile_options(tempera_${name}_test PRIVATE -Wall -Wextra ${optimise})
    target_link_libraries(tempera_${name}_test PRIVATE tempera_${name} GTest::gtest GTest::gmock GTest::gtest_main)
    add_dependencies(tempera_unit_tests tempera_${name}_test)
    if(TEMPERA_WASM)
      target_compile_options(tempera_${name}_test PRIVATE -fno-exceptions ${tempera_wasm_kernels})
      tempera_wasm_link(tempera_${name}_test)
      return()  # tests/wasm/run.mjs runs them
    endif()
    if(TARGET tempera_test_headers AND NOT ROOM_KERNELS)
      target_precompile_headers(tempera_${name}_test REUSE_FROM tempera_test_headers)
    endif()
    gtest_discover_tests(tempera_${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
                         WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  endif()
endfunction()
