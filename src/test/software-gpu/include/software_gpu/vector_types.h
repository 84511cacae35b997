// CUDA's vector types, with CUDA's alignments.
#pragma once

#define SOFTWARE_GPU_VECTORS(type, name)                      \
  struct name##1 { type x; };                                 \
  struct alignas(2 * sizeof(type)) name##2 { type x, y; };    \
  struct name##3 { type x, y, z; };                           \
  struct alignas(sizeof(type) > 4 ? 16 : 4 * sizeof(type)) name##4 { type x, y, z, w; };                               \
  inline name##2 make_##name##2(type x, type y) { return {x, y}; }                                                     \
  inline name##3 make_##name##3(type x, type y, type z) { return {x, y, z}; }                                          \
  inline name##4 make_##name##4(type x, type y, type z, type w) { return {x, y, z, w}; }

SOFTWARE_GPU_VECTORS(float, float)
SOFTWARE_GPU_VECTORS(double, double)
SOFTWARE_GPU_VECTORS(int, int)
SOFTWARE_GPU_VECTORS(unsigned, uint)
SOFTWARE_GPU_VECTORS(short, short)
SOFTWARE_GPU_VECTORS(unsigned short, ushort)
SOFTWARE_GPU_VECTORS(signed char, char)
SOFTWARE_GPU_VECTORS(unsigned char, uchar)
SOFTWARE_GPU_VECTORS(long long, longlong)
SOFTWARE_GPU_VECTORS(unsigned long long, ulonglong)
#undef SOFTWARE_GPU_VECTORS

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
