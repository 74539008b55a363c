# The GPU half: a module opened at run time, never linked. Without nvcc it is left out with one line.
# CUDA 13 knows Turing and newer; the last one also travels as PTX, for GPUs yet to come.
if(HADAL_CUDA_ARCHITECTURES STREQUAL "shipped")
  set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90-real 100-real 120)
else()
  set(CMAKE_CUDA_ARCHITECTURES ${HADAL_CUDA_ARCHITECTURES})
endif()

if(NOT CMAKE_CUDA_COMPILER)
  find_program(HADAL_NVCC nvcc HINTS /usr/local/cuda/bin DOC "The CUDA compiler")
  if(HADAL_NVCC AND NOT DEFINED ENV{CUDACXX})
    set(ENV{CUDACXX} ${HADAL_NVCC})
  endif()
  include(CheckLanguage)
  check_language(CUDA)
endif()
if(NOT CMAKE_CUDA_COMPILER)
  message(STATUS "GPU module left out: no working nvcc on PATH or in /usr/local/cuda/bin.")
  return()
endif()

enable_language(CUDA)
if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know that nvcc 12 and newer have it.
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
endif()
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
hadal_glob(cuda_sources ops/*.cu runtime/cuda/*.cu)
add_library(hadal_engine_cuda MODULE ${cuda_sources})
add_dependencies(hadal-engine hadal_engine_cuda)
target_include_directories(hadal_engine_cuda PRIVATE include .)
target_compile_definitions(hadal_engine_cuda PRIVATE HADAL_ENGINE_VERSION="${PROJECT_VERSION}")
target_compile_options(hadal_engine_cuda PRIVATE --compiler-options=-Wall,-Wextra)
# Nothing but the entries is seen from outside, and no library path is remembered.
set_target_properties(hadal_engine_cuda PROPERTIES CUDA_VISIBILITY_PRESET hidden SKIP_BUILD_RPATH ON
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/hadal)
target_link_options(hadal_engine_cuda PRIVATE LINKER:--exclude-libs,ALL)
message(STATUS "GPU module: CUDA ${CMAKE_CUDA_COMPILER_VERSION}, architectures ${CMAKE_CUDA_ARCHITECTURES}.")
