# Warnings, sanitizers and coverage shared by every target of ours.
add_library(hadal_flags INTERFACE)
target_compile_options(hadal_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual>)
if(HADAL_SANITIZE STREQUAL "address")
  add_compile_options($<$<COMPILE_LANGUAGE:C,CXX>:-fsanitize=address,undefined> $<$<COMPILE_LANGUAGE:C,CXX>:-fno-sanitize-recover=undefined>
    $<$<COMPILE_LANGUAGE:C,CXX>:-fno-omit-frame-pointer>)
  add_link_options(-fsanitize=address,undefined)
elseif(HADAL_SANITIZE STREQUAL "thread")
  add_compile_options($<$<COMPILE_LANGUAGE:C,CXX>:-fsanitize=thread> $<$<COMPILE_LANGUAGE:C,CXX>:-fno-omit-frame-pointer>)
  add_link_options(-fsanitize=thread)
elseif(HADAL_SANITIZE STREQUAL "fuzzer")
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "HADAL_SANITIZE=fuzzer needs clang (apt-get install clang).")
  endif()
  # libFuzzer's own main is linked into the fuzzers alone; _GLIBCXX_ASSERTIONS checks every index.
  add_compile_options($<$<COMPILE_LANGUAGE:C,CXX>:-fsanitize=fuzzer-no-link,address,undefined>
    $<$<COMPILE_LANGUAGE:C,CXX>:-fno-sanitize-recover=undefined> $<$<COMPILE_LANGUAGE:C,CXX>:-fno-omit-frame-pointer>)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_link_options(-fsanitize=address,undefined)
elseif(NOT HADAL_SANITIZE STREQUAL "")
  message(FATAL_ERROR "HADAL_SANITIZE is \"${HADAL_SANITIZE}\"; it may be address, thread, fuzzer or empty.")
endif()
if(HADAL_COVERAGE)
  add_compile_options($<$<COMPILE_LANGUAGE:C,CXX>:--coverage>)
  add_link_options(--coverage)
endif()

# Dev: optimised enough to run real models, asserts kept, light symbols.
set(CMAKE_CXX_FLAGS_DEV "-O2 -g1" CACHE STRING "" FORCE)
set(CMAKE_C_FLAGS_DEV "-O2 -g1" CACHE STRING "" FORCE)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Dev CACHE STRING "Dev, Release or Debug" FORCE)
endif()
