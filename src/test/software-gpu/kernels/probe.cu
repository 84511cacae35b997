// What the tests of the driver layer launch; src/test/resources/dev/weir/backend/cuda/driver/probe.ptx is made of it.
extern "C" __global__ void probe_add(float* values, float by, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) values[i] += by;
}

// Turns `count` floats around by way of dynamic shared memory.
extern "C" __global__ void probe_reverse(float* values, int count) {
  extern __shared__ float kept[];
  for (int i = threadIdx.x; i < count; i += blockDim.x) kept[i] = values[i];
  __syncthreads();
  for (int i = threadIdx.x; i < count; i += blockDim.x) values[i] = kept[count - 1 - i];
}

// Writes where nothing is.
extern "C" __global__ void probe_fault(float* nowhere) { nowhere[threadIdx.x] = 1; }

// Two votes, one right after the other.
extern "C" __global__ void probe_votes(float* counts, int count) {
  int first = __syncthreads_count((int)threadIdx.x < count);
  int second = __syncthreads_count(threadIdx.x == 0);
  counts[threadIdx.x] = 10 * first + second;
}
