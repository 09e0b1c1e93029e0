# The instruction sets that kernels are compiled for, by TEMPERA_TARGETS:
#   all             SSE4, AVX2 and AVX-512 on x86-64, all of them in one library, chosen when a model is opened
#   sse4 avx2 avx512  that one only, for a library that is small; other processors are refused in one line
#   native          the best that this machine has, as above: for builds that are only made to be tested here
# On other processors: what Highway finds.
set(TEMPERA_TARGETS all CACHE STRING "Instruction sets of the kernels: all, sse4, avx2, avx512 or native")
set_property(CACHE TEMPERA_TARGETS PROPERTY STRINGS all sse4 avx2 avx512 native)
if(NOT TEMPERA_TARGETS MATCHES "^(all|sse4|avx2|avx512|native)$")
  message(FATAL_ERROR "TEMPERA_TARGETS is '${TEMPERA_TARGETS}'; known are all, sse4, avx2, avx512 and native")
endif()

# Highway's names for what is left out: SSSE3 always (no processor of interest has it and not SSE4). Nehalem lacks
# two cryptographic instructions that Highway counts to SSE4 and no kernel uses.
set(tempera_highway "HWY_DISABLED_TARGETS=(HWY_SSSE3)" HWY_DISABLE_PCLMUL_AES)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(tempera_one ${TEMPERA_TARGETS})
  if(tempera_one STREQUAL "native")
    set(tempera_one sse4)
    if(EXISTS /proc/cpuinfo)
      file(STRINGS /proc/cpuinfo tempera_cpu_flags REGEX "^flags" LIMIT_COUNT 1)
      if(tempera_cpu_flags MATCHES " avx2 ")
        set(tempera_one avx2)
      endif()
      if(tempera_cpu_flags MATCHES " avx512f .* avx512dq .* avx512cd .* avx512bw .* avx512vl ")
        set(tempera_one avx512)
      endif()
    endif()
  endif()
  # The least processor is Nehalem's (2008: SSE4.2). What is older would need a set of kernels of its own, without
  # vectors: a third of the library's size, too slow for a picture a second (docs/decisions/0011).
  set(tempera_march x86-64-v2)
  if(tempera_one STREQUAL "avx2")
    set(tempera_march x86-64-v3)
  elseif(tempera_one STREQUAL "avx512")
    set(tempera_march x86-64-v4)
  endif()
  add_compile_options(-march=${tempera_march})
  if(NOT tempera_one STREQUAL "all")
    list(APPEND tempera_highway HWY_COMPILE_ONLY_STATIC)
    # Plain loops stay the judges they are elsewhere: products are rounded before they are added.
    add_compile_options(-ffp-contract=off)
  endif()
endif()
