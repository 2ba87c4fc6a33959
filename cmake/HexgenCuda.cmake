# Decides whether the GPU parts are built and sets HEXGEN_HAS_CUDA. HEXGEN_CUDA=AUTO builds them when a CUDA
# compiler, the toolkit (12 or newer) and NCCL are found and says why when it does not; ON stops instead.
set(HEXGEN_HAS_CUDA OFF)
if(HEXGEN_CUDA STREQUAL "OFF")
  return()
endif()

macro(hexgen_no_cuda reason advice)
  if(HEXGEN_CUDA STREQUAL "ON")
    message(FATAL_ERROR "HEXGEN_CUDA=ON, but ${reason}. ${advice}, or configure with -DHEXGEN_CUDA=OFF.")
  endif()
  message(STATUS "Building without CUDA: ${reason}")
  return()
endmacro()

include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  hexgen_no_cuda("no CUDA compiler was found" "Put nvcc on PATH or name it with -DCMAKE_CUDA_COMPILER")
endif()
find_package(CUDAToolkit QUIET)
if(NOT CUDAToolkit_FOUND OR CUDAToolkit_VERSION VERSION_LESS 12.5)
  hexgen_no_cuda("no CUDA toolkit of version 12.5 or newer was found" "Name one with -DCUDAToolkit_ROOT")
endif()
find_package(NCCL 2.18 QUIET)
if(NOT NCCL_FOUND)
  hexgen_no_cuda("NCCL 2.18 or newer was not found" "Name its folder with -DNCCL_ROOT")
endif()

# "native" would need a GPU at configure time; the PTX of the newest one covers what comes later.
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80 86 89 90)
endif()
enable_language(CUDA)
set(HEXGEN_HAS_CUDA ON)
message(STATUS "Building with CUDA ${CUDAToolkit_VERSION} and NCCL ${NCCL_VERSION} for ${CMAKE_CUDA_ARCHITECTURES}")

# CMake 3.25 silently drops CMAKE_CUDA_STANDARD 20 for nvcc 13, so the flag is given by hand.
target_compile_options(hexgen_options INTERFACE
  "$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;-Xcompiler=-Wall,-Wextra,-Wshadow>")
if(HEXGEN_WARNINGS_AS_ERRORS)
  target_compile_options(hexgen_options INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings;-Xcompiler=-Werror>")
endif()
if(HEXGEN_CCACHE)
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${HEXGEN_CCACHE})
endif()
