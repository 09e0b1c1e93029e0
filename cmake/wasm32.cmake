# Builds for a browser: clang's wasm32 with Debian's wasi-libc and libc++ (`tools/setup web` installs them), not
# emscripten, whose compiler knows no relaxed SIMD. TEMPERA_WASM says which of the three builds:
#   relaxed  relaxed SIMD and threads   simd  SIMD128 and threads   single  SIMD128, one thread, no shared memory
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TEMPERA_WASM)
set(CMAKE_EXECUTABLE_SUFFIX .wasm)

set(TEMPERA_WASM simd CACHE STRING "Which build for browsers: relaxed, simd or single")
set(tempera_wasm_flags "-msimd128 -mbulk-memory -mnontrapping-fptoint -msign-ext")
# Relaxed instructions are for rooms of kernels alone (cmake/tempera_room.cmake): the rest of the two builds with threads
# is the same, and a compiler cache makes it once.
if(NOT TEMPERA_WASM STREQUAL "single")
  string(APPEND tempera_wasm_flags " -matomics")
endif()
set(CMAKE_C_FLAGS_INIT ${tempera_wasm_flags})
set(CMAKE_CXX_FLAGS_INIT "${tempera_wasm_flags} -fno-threadsafe-statics")
# No -O in the link line: it would start Debian's wasm-opt, where that is installed, which knows no relaxed SIMD.
set(CMAKE_CXX_LINK_EXECUTABLE
    "<CMAKE_CXX_COMPILER> --target=wasm32-wasi <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
