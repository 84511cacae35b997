// Kernels with planted mistakes, each of which must be caught: see PlantedBugsTest, which expects the line to be named that is
// marked, or one of those. All have a block of 64 threads, and `count` floats at `out`.
#include "grid.cuh"
#include "ptx.cuh"

extern "C" __global__ void no_mistake(float* out, int count) {
  __shared__ float values[64];
  values[threadIdx.x] = threadIdx.x;
  __syncthreads();
  if ((int)threadIdx.x < count) out[threadIdx.x] = values[63 - threadIdx.x];
}

extern "C" __global__ void write_past_the_end(float* out, int count) {
  for (int i = threadIdx.x; i <= count; i += blockDim.x) out[i] = 1;  // <- caught
}

extern "C" __global__ void read_past_the_end(float* out, int count) {
  float sum = 0;
  for (int i = threadIdx.x; i <= count; i += blockDim.x) sum += out[i];  // <- caught
  out[threadIdx.x] = sum;
}

extern "C" __global__ void missing_barrier(float* out, int count) {
  __shared__ float values[64];
  values[threadIdx.x] = threadIdx.x;  // <- caught
  if ((int)threadIdx.x < count) out[threadIdx.x] = values[63 - threadIdx.x];  // <- caught
}

// The second round overwrites what slower threads still read of the first.
extern "C" __global__ void missing_second_barrier(float* out, int count) {
  __shared__ float values[64];
  float sum = 0;
  for (int round = 0; round < 2; round++) {
    values[threadIdx.x] = threadIdx.x + round;  // <- caught
    __syncthreads();
    sum += values[63 - threadIdx.x];  // <- caught
  }
  out[threadIdx.x] = sum;
}

extern "C" __global__ void missing_warp_barrier(float* out, int count) {
  __shared__ float values[64];
  values[threadIdx.x] = threadIdx.x;  // <- caught
  out[threadIdx.x] = values[threadIdx.x ^ 1];  // <- caught
}

extern "C" __global__ void missing_copy_wait(float* out, int count) {
  __shared__ __align__(16) float values[256];
  ptx::copyAsync16(&values[4 * threadIdx.x], out + 4 * (threadIdx.x % 4), 16);
  ptx::copyAsyncCommit();
  __syncthreads();
  out[threadIdx.x] = values[threadIdx.x];  // <- caught
}

extern "C" __global__ void missing_barrier_after_copy(float* out, int count) {
  __shared__ __align__(16) float values[256];
  ptx::copyAsync16(&values[4 * threadIdx.x], out + 4 * (threadIdx.x % 4), 16);  // <- caught
  ptx::copyAsyncCommit();
  ptx::copyAsyncWait<0>();  // <- caught
  out[threadIdx.x] = values[255 - threadIdx.x];  // <- caught
}

extern "C" __global__ void uninitialised_shared(float* out, int count) {
  __shared__ float values[64];
  if (threadIdx.x < 32) values[threadIdx.x] = 1;
  __syncthreads();
  out[threadIdx.x] = values[threadIdx.x];  // <- caught
}

extern "C" __global__ void shared_index_past_the_end(float* out, int count) {
  __shared__ float values[64];
  values[threadIdx.x + 1] = 1;  // <- caught
  __syncthreads();
  out[threadIdx.x] = values[threadIdx.x];
}

extern "C" __global__ void shared_pointer_past_the_end(float* out, int count) {
  __shared__ float values[64];  // <- caught
  float* pointer = values + count;
  pointer[threadIdx.x] = 1;
  __syncthreads();
  out[threadIdx.x] = 1;
}

extern "C" __global__ void dynamic_shared_past_the_end(float* out, int count) {
  extern __shared__ float values[];
  values[threadIdx.x] = 1;  // <- caught
  __syncthreads();
  out[threadIdx.x] = values[threadIdx.x];
}

extern "C" __global__ void divergent_barrier(float* out, int count) {
  if (threadIdx.x % 2) {
    __syncthreads();  // <- caught
  } else {
    out[threadIdx.x] = 1;
    __syncthreads();  // <- caught
  }
}

extern "C" __global__ void barrier_of_some(float* out, int count) {
  if (threadIdx.x < 40) __syncthreads();  // <- caught
  out[threadIdx.x] = __shfl_xor_sync(0xffffffff, 1.0f, 1);  // <- caught
}

extern "C" __global__ void shuffle_of_some(float* out, int count) {
  if (threadIdx.x % 32 < 16) out[threadIdx.x] = __shfl_xor_sync(0xffffffff, 1.0f, 1);  // <- caught
  __syncthreads();  // <- caught
}

extern "C" __global__ void lane_not_in_mask(float* out, int count) {
  out[threadIdx.x] = __shfl_xor_sync(0xfffffffe, 1.0f, 1);  // <- caught
}

extern "C" __global__ void different_masks(float* out, int count) {
  unsigned mask = threadIdx.x % 32 < 16 ? 0xffffffff : 0xfffffff0;
  out[threadIdx.x] = __shfl_xor_sync(mask, 1.0f, 1);  // <- caught
}

extern "C" __global__ void misaligned_vector(float* out, int count) {
  float4 four = *reinterpret_cast<const float4*>(out + 1 + threadIdx.x % 2);  // <- caught
  out[threadIdx.x] = four.x;
}

extern "C" __global__ void null_pointer(float* out, int count) {
  float* nothing = count < 0 ? out : nullptr;
  nothing[threadIdx.x] = 1;  // <- caught
}

extern "C" __global__ void division_by_zero(float* out, int count) {
  out[threadIdx.x] = static_cast<float>(static_cast<int>(threadIdx.x) / (count - 64));  // <- caught
}

extern "C" __global__ void failed_assertion(float* out, int count) {
  assert(count < 64);  // <- caught
  out[threadIdx.x] = 1;
}

extern "C" __global__ void too_much_local_memory(float* out, int count) {
  volatile float values[10000];
  for (int i = 9999; i >= 0; i--) values[i] = i;
  out[threadIdx.x] = values[count];
}

extern "C" __global__ void uninitialised_local(float* out, int count) {
  float values[64];
  for (int i = 0; i < count / 2; i++) values[i] = 1;
  out[threadIdx.x] = values[threadIdx.x];
}

// ---- several blocks of 64 threads in a cooperative launch; behind the floats lies the word of the barrier, which is 0 ----------------

#define GRID_BARRIER(out, count) GridBarrier(reinterpret_cast<unsigned*>(out + count))

// Block b writes for block b + 1.
extern "C" __global__ void no_mistake_of_blocks(float* out, int count) {
  int next = (blockIdx.x + 1) % gridDim.x;
  out[next * 64 + threadIdx.x] = next;
  GRID_BARRIER(out, count).wait();
  float value = out[blockIdx.x * 64 + threadIdx.x];
  GRID_BARRIER(out, count).wait();
  out[next * 64 + threadIdx.x] = value + 10;
}

extern "C" __global__ void missing_grid_barrier(float* out, int count) {
  int next = (blockIdx.x + 1) % gridDim.x;
  out[next * 64 + threadIdx.x] = next;  // <- caught
  out[blockIdx.x * 64 + threadIdx.x] += 1;  // <- caught
}

extern "C" __global__ void missing_second_grid_barrier(float* out, int count) {
  int next = (blockIdx.x + 1) % gridDim.x;
  out[next * 64 + threadIdx.x] = next;
  GRID_BARRIER(out, count).wait();
  float value = out[blockIdx.x * 64 + threadIdx.x];  // <- caught
  out[next * 64 + threadIdx.x] = value + 10;  // <- caught
}

extern "C" __global__ void grid_barrier_of_some(float* out, int count) {
  if (blockIdx.x > 0) GRID_BARRIER(out, count).wait();  // <- caught
  out[blockIdx.x * 64 + threadIdx.x] = 1;
}

extern "C" __global__ void read_only_read_of_what_is_written(float* out, int count) {
  int next = (blockIdx.x + 1) % gridDim.x;
  out[next * 64 + threadIdx.x] = next;  // <- caught
  GRID_BARRIER(out, count).wait();
  float value = __ldg(out + blockIdx.x * 64 + threadIdx.x);  // <- caught
  GRID_BARRIER(out, count).wait();
  out[blockIdx.x * 64 + threadIdx.x] = value;
}

extern "C" __global__ void write_of_what_is_read_only(float* out, int count) {
  float value = __ldg(out + threadIdx.x);  // <- caught
  GRID_BARRIER(out, count).wait();
  out[blockIdx.x * 64 + threadIdx.x] = value;  // <- caught
}
