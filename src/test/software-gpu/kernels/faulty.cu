// Kernels with planted mistakes: each must be caught.
extern "C" __global__ void fault_none(float* out, int count) {
  __shared__ float values[64];
  values[threadIdx.x] = threadIdx.x;
  __syncthreads();
  if ((int)threadIdx.x < count) out[threadIdx.x] = values[(threadIdx.x + 1) % 64];
}
