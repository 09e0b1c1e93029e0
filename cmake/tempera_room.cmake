# A room of the house: one folder, one static library tempera_<name>, and, where
# there are *_test.cc files beside the sources, one test binary tempera_<name>_test.
#   tempera_room(NAME DEPENDS other libraries)
function(tempera_room name)
  cmake_parse_arguments(ROOM "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(sources)
    add_library(tempera_${name} STATIC ${sources})
    target_include_directories(tempera_${name} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
    target_compile_options(tempera_${name} PRIVATE -Wall -Wextra)
    target_link_libraries(tempera_${name} PUBLIC ${ROOM_DEPENDS})
  else()
    add_library(tempera_${name} INTERFACE)
    target_include_directories(tempera_${name} INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(tempera_${name} INTERFACE ${ROOM_DEPENDS})
  endif()
  if(TEMPERA_BUILD_TESTS AND tests)
    add_executable(tempera_${name}_test ${tests})
    # Tests spend their time in the rooms, not in themselves: half of what they cost to compile was optimising
    # assertions.
    target_compile_options(tempera_${name}_test PRIVATE -Wall -Wextra $<$<CONFIG:Release>:-O0>)
    target_link_libraries(tempera_${name}_test PRIVATE tempera_${name} GTest::gtest GTest::gmock GTest::gtest_main)
    gtest_discover_tests(tempera_${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
                         WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  endif()
endfunction()
