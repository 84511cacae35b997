// What kernels/ptx.cuh says in PTX, emulated on the software GPU. Copies to shared memory land no sooner than the wait that covers them;
// misaligned addresses and absent lanes are faults.
#pragma once
#include <cmath>
#include <cstring>

#include "cuda_bf16.h"
#include "cuda_fp16.h"
#include "software_gpu/asynchronous_copy.h"
#include "software_gpu/thread.h"

namespace ptx {

inline void requireAligned(const void* address, int bytes, const char* what, software_gpu::Place place) {
  if ((uintptr_t)address % bytes) software_gpu::fault(software_gpu::Fault::misaligned, place, what);
}

inline void requireWholeWarp(unsigned mask, const char* what, software_gpu::Place place) {
  if (mask != ~0u) software_gpu::fault(software_gpu::Fault::synchronisation, place, what);
}

inline void copyAsync16(void* shared, const void* global, int valid, SOFTWARE_GPU_PLACE) {
  requireAligned(shared, 16, "cp.async: misaligned shared address", place);
  requireAligned(global, 16, "cp.async: misaligned global address", place);
  software_gpu::begin_copy(shared, global, 16, valid, place);
}

inline void copyAsync4(void* shared, const void* global, int valid, SOFTWARE_GPU_PLACE) {
  requireAligned(shared, 4, "cp.async: misaligned shared address", place);
  requireAligned(global, 4, "cp.async: misaligned global address", place);
  software_gpu::begin_copy(shared, global, 4, valid, place);
}

inline void copyAsyncCommit() { software_gpu::commit_copies(); }

template <int Pending> inline void copyAsyncWait() { software_gpu::wait_for_copies(Pending); }

inline uint4 loadOnce16(const void* global, SOFTWARE_GPU_PLACE) {
  requireAligned(global, 16, "ld.global.v4: misaligned address", place);
  software_gpu::note_read_only(global, 16);
  uint4 value;
  memcpy(&value, global, 16);
  return value;
}

// A GPU forgives a wrong address, so nobody would ever know of it: here it faults.
inline void prefetch(const void* global) { (void)*(const volatile char*)global; }

inline unsigned addRelease(unsigned* word, unsigned amount) { return software_gpu::add_release(word, amount); }

inline unsigned loadAcquire(const unsigned* word) { return software_gpu::load_acquire(word); }

inline uint4 loadShared16(const void* shared, SOFTWARE_GPU_PLACE) {
  requireAligned(shared, 16, "ld.shared.v4: misaligned address", place);
  uint4 value;
  memcpy(&value, shared, 16);
  return value;
}

struct MatrixLoad {
  const char* row;
  uint32_t* r;
  software_gpu::Place place;
};

template <int Count, bool Transposed> inline void loadMatrices(void* const* lanes, unsigned mask) {
  requireWholeWarp(mask, "ldmatrix: not all lanes of the warp take part", ((MatrixLoad*)lanes[__builtin_ctz(mask)])->place);
  for (int m = 0; m < Count; m++) {
    uint16_t matrix[8][8];
    for (int row = 0; row < 8; row++) memcpy(matrix[row], ((MatrixLoad*)lanes[m * 8 + row])->row, 16);
    for (int lane = 0; lane < 32; lane++) {
      int g = lane / 4, t = lane % 4 * 2;
      uint32_t low = Transposed ? matrix[t][g] : matrix[g][t];
      uint32_t high = Transposed ? matrix[t + 1][g] : matrix[g][t + 1];
      ((MatrixLoad*)lanes[lane])->r[m] = low | high << 16;
    }
  }
}

inline void loadMatrix4(uint32_t (&r)[4], const void* row, SOFTWARE_GPU_PLACE) {
  requireAligned(row, 16, "ldmatrix: misaligned row", place);
  MatrixLoad load{(const char*)row, r, place};
  software_gpu::exchange(~0u, &load, loadMatrices<4, false>, place);
}

inline void loadMatrix4Transposed(uint32_t (&r)[4], const void* row, SOFTWARE_GPU_PLACE) {
  requireAligned(row, 16, "ldmatrix: misaligned row", place);
  MatrixLoad load{(const char*)row, r, place};
  software_gpu::exchange(~0u, &load, loadMatrices<4, true>, place);
}

struct Product {
  float* d;
  const uint32_t* a;
  uint32_t b[2];
  software_gpu::Place place;
};

struct Bf16Bits {
  static float widen(uint32_t bits) { return __ushort_as_bfloat16((unsigned short)bits); }
};

struct F16Bits {
  static float widen(uint32_t bits) { return __ushort_as_half((unsigned short)bits); }
};

// Products are exact; they are added one after the other with k ascending. The hardware's order is its own secret.
template <class Bits> inline void multiplyAddLanes(void* const* lanes, unsigned mask) {
  requireWholeWarp(mask, "mma: not all lanes of the warp take part", ((Product*)lanes[__builtin_ctz(mask)])->place);
  float a[16][16], b[16][8], d[16][8];
  for (int lane = 0; lane < 32; lane++) {
    const Product& p = *(Product*)lanes[lane];
    int g = lane / 4, t = lane % 4 * 2;
    for (int i = 0; i < 4; i++) {
      int row = g + i % 2 * 8, k = t + i / 2 * 8;
      a[row][k] = Bits::widen(p.a[i] & 0xFFFF);
      a[row][k + 1] = Bits::widen(p.a[i] >> 16);
      d[g + i / 2 * 8][t + i % 2] = p.d[i];
    }
    for (int i = 0; i < 2; i++) {
      b[t + 8 * i][g] = Bits::widen(p.b[i] & 0xFFFF);
      b[t + 8 * i + 1][g] = Bits::widen(p.b[i] >> 16);
    }
  }
  for (int row = 0; row < 16; row++)
    for (int k = 0; k < 16; k++)
      for (int n = 0; n < 8; n++) d[row][n] += a[row][k] * b[k][n];
  for (int lane = 0; lane < 32; lane++) {
    int g = lane / 4, t = lane % 4 * 2;
    for (int i = 0; i < 4; i++) ((Product*)lanes[lane])->d[i] = d[g + i / 2 * 8][t + i % 2];
  }
}

inline void multiplyAddBf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1, SOFTWARE_GPU_PLACE) {
  Product product{d, a, {b0, b1}, place};
  software_gpu::exchange(~0u, &product, multiplyAddLanes<Bf16Bits>, place);
}

inline void multiplyAddF16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1, SOFTWARE_GPU_PLACE) {
  Product product{d, a, {b0, b1}, place};
  software_gpu::exchange(~0u, &product, multiplyAddLanes<F16Bits>, place);
}

inline float exp2Fast(float x) {
  float power = exp2f(x);
  return power < 0x1p-126f ? 0 : power;
}

}  // namespace ptx
