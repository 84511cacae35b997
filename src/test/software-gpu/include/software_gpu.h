// Makes CUDA C++ compile as plain C++: included before every kernel file, when g++ builds it for the software GPU.
#pragma once
#define SOFTWARE_GPU 1

#include <cassert>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <utility>

#include "software_gpu/vector_types.h"
#include "software_gpu/thread.h"
#include "software_gpu/shared_memory.h"
#include "software_gpu/warp.h"
#include "software_gpu/asynchronous_copy.h"
#include "software_gpu/arithmetic.h"
#include "software_gpu/kernel_table.h"

// __global__ and __shared__ are left to the build script, which needs to see them.
#define __device__
#define __host__
#define __constant__ static
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __grid_constant__

#define threadIdx (software_gpu::thread().index)
#define blockIdx (software_gpu::block().index)
#define blockDim (software_gpu::block().size)
#define gridDim (software_gpu::block().grid)
constexpr int warpSize = 32;

#undef assert
#define assert(claim) \
  ((claim) ? (void)0 : software_gpu::fault(software_gpu::Fault::assertion, {__FILE__, __LINE__}, "assertion failed: " #claim))
