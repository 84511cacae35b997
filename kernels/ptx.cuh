// Every PTX instruction that the kernels use and CUDA C++ has no name for, in one header: PTX under nvcc, an emulation under g++
// (SOFTWARE_GPU). Instructions of sm_80 and newer; PTX ISA 8.0.
#pragma once
#include <cstdint>

#ifdef SOFTWARE_GPU
#include "software_ptx.h"
#else

namespace ptx {

__device__ __forceinline__ uint32_t sharedAddress(const void* shared) {
    return static_cast<uint32_t>(__cvta_generic_to_shared(shared));
}

// Begins a copy of 16 bytes to shared memory past the L1 cache; what is beyond `valid` bytes (0 to 16) becomes zero and is not read.
// Both addresses are multiples of 16, also when valid is 0. Nothing may be read from there before copyAsyncWait and a barrier.
__device__ __forceinline__ void copyAsync16(void* shared, const void* global, int valid) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(sharedAddress(shared)), "l"(global), "r"(valid) : "memory");
}

// The same for 4 bytes; valid is 0 or 4.
__device__ __forceinline__ void copyAsync4(void* shared, const void* global, int valid) {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;\n" ::"r"(sharedAddress(shared)), "l"(global), "r"(valid) : "memory");
}

// Closes a group: the copies that this thread began since the last commit.
__device__ __forceinline__ void copyAsyncCommit() {
    asm volatile("cp.async.commit_group;\n" ::: "memory");
}

// Waits until at most Pending of this thread's newest groups are unfinished.
template <int Pending>
__device__ __forceinline__ void copyAsyncWait() {
    asm volatile("cp.async.wait_group %0;\n" ::"n"(Pending) : "memory");
}

// Reads 16 bytes that nobody will want again: they do not displace anything in the L1 cache.
__device__ __forceinline__ uint4 loadOnce16(const void* global) {
    uint4 v;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];\n" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(global));
    return v;
}

// Reads 16 bytes of shared memory, all of which count: nvcc marks what does not with a pragma that PTX 8.0 has not.
__device__ __forceinline__ uint4 loadShared16(const void* shared) {
    uint4 v;
    asm volatile("ld.shared.v4.u32 {%0,%1,%2,%3}, [%4];\n" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(sharedAddress(shared)) : "memory");
    return v;
}

// Asks for the 128 bytes around an address, which come to the L2 cache.
__device__ __forceinline__ void prefetch(const void* global) {
    asm volatile("prefetch.global.L2 [%0];\n" ::"l"(global));
}

// Four 8x8 matrices of 2-byte elements: lane i gives the address of row i % 8 of matrix i / 8 (16 bytes, aligned) and receives in r[m]
// the elements 2 (i % 4) and 2 (i % 4) + 1 of row i / 4 of matrix m. All 32 lanes take part.
__device__ __forceinline__ void loadMatrix4(uint32_t (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(sharedAddress(row))
                 : "memory");
}

// The same, each matrix transposed: r[m] holds the elements i / 4 of the rows 2 (i % 4) and 2 (i % 4) + 1.
__device__ __forceinline__ void loadMatrix4Transposed(uint32_t (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];\n"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(sharedAddress(row))
                 : "memory");
}

// d += a b on tensor cores: a is 16 x 16, b 16 x 8, d 16 x 8, accumulated in float32. With g = lane / 4 and t = 2 (lane % 4), a lane holds
// a[0] = a(g, t..t+1), a[1] = a(g+8, t..), a[2] = a(g, t+8..), a[3] = a(g+8, t+8..); b[0] = b(t..t+1, g), b[1] = b(t+8.., g);
// d[0..1] = d(g, t..t+1), d[2..3] = d(g+8, t..t+1). All 32 lanes take part.
__device__ __forceinline__ void multiplyAddBf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ __forceinline__ void multiplyAddF16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// 2^x within 2 units in the last place, results below the normal range are zero; 2^-infinity = 0. One instruction.
__device__ __forceinline__ float exp2Fast(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;\n" : "=f"(y) : "f"(x));
    return y;
}

// Adds to a word of global memory, at once for all blocks, and gives what was there before. Whoever sees the sum by loadAcquire sees
// what this thread wrote before, and what it knew by a barrier of its block to be written.
__device__ __forceinline__ unsigned addRelease(unsigned* word, unsigned amount) {
    unsigned before;
    asm volatile("atom.release.gpu.global.add.u32 %0, [%1], %2;\n" : "=r"(before) : "l"(word), "r"(amount) : "memory");
    return before;
}

__device__ __forceinline__ unsigned loadAcquire(const unsigned* word) {
    unsigned value;
    asm volatile("ld.acquire.gpu.global.u32 %0, [%1];\n" : "=r"(value) : "l"(word) : "memory");
    return value;
}

}  // namespace ptx
#endif
