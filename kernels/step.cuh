// A stretch of a step by one launch: the ops of a plan as instructions in memory, one after another, each with the body of its own kernel.
//
// instructions [count]: what dev.weir.backend.cuda.Instructions writes. barrier: one word that was 0 before its first use (grid.cuh).
// The blocks all live at the same time; those of an instruction's grid, its places, are dealt out among them. Where an instruction reads
// or writes what an earlier one since the last barrier wrote or read, it says that all blocks wait for each other before it. What it
// computes is what its kernel computes, by the same function of the place: the bits do not depend on how many blocks there are.
//
// A barrier is latency, about a microsecond of which no byte moves. So a block that waits asks for the weights of the product that comes
// next, some of which are in the L2 cache when it begins; and the next instruction is on its way to shared memory while one is followed.
// Moves what its instructions move, and their 320 bytes each for every block, from L2.
#pragma once

#include "attention.cuh"
#include "attention_decode.cuh"
#include "each.cuh"
#include "edit.cuh"
#include "embed.cuh"
#include "grid.cuh"
#include "layer_norm.cuh"
#include "linear_chain.cuh"
#include "linear_gemv.cuh"
#include "rows.cuh"
#include "sample.cuh"

namespace step {

/// The constants of dev.weir.backend.cuda.Opcode, in their order.
enum Opcode {
    EMBED,
    ADD,
    LAYER_NORM,
    ADD_LAYER_NORM,
    LINEAR_GEMV,
    LINEAR_CHAIN,
    ACTIVATE,
    APPEND,
    ATTENTION_EXACT,
    ATTENTION_DECODE,
    ATTENTION_COMBINE,
    ATTENTION_SCORES,
    ATTENTION_PATTERN,
    ATTENTION_MIX,
    SELECT_ROWS,
    ADD_VECTOR,
    SCALE,
    REPLACE_ROWS,
    PROJECT_OUT,
    SAMPLE
};

struct Instruction {
    int opcode;
    int waits;       // whether for all blocks
    int places[3];   // of its kernel's grid
    int aheadBytes;  // of each of up to three matrices, of which the first that is null ends the list
    const char* ahead[3];
    alignas(16) char parameters[272];
};
static_assert(sizeof(Instruction) == 320, "as Instructions writes them");

/// The shared memory of a block: the instruction that it follows and the next one, then what one body after another has. It is found
/// here and not handed on, so that functions know it for shared memory.
__device__ __forceinline__ char* sharedMemory() {
    extern __shared__ __align__(16) char memory[];
    return memory;
}

constexpr int SLOTS = 2;

__device__ __forceinline__ Instruction& slot(int number) { return reinterpret_cast<Instruction*>(sharedMemory())[number % SLOTS]; }

/// Variables that the threads of a body share.
template <class Variables> __device__ __forceinline__ Variables& variables() {
    return *reinterpret_cast<Variables*>(sharedMemory() + SLOTS * sizeof(Instruction));
}

/// Floats behind them.
template <class Variables> __device__ __forceinline__ float* floatsBehind() {
    return reinterpret_cast<float*>(sharedMemory() + SLOTS * sizeof(Instruction) + (sizeof(Variables) + 15) / 16 * 16);
}

/// What most bodies need before their first place.
struct Nothing {
    template <class Body> static __device__ __forceinline__ void prepare(const Body&, Place) {}
};

/// What a body asks for besides its place.
struct Alone : Nothing {
    template <class Body> static __device__ __forceinline__ void at(const Body& body, Place place) { body.at(place); }
};

template <class Variables> struct Sharing : Nothing {
    template <class Body> static __device__ __forceinline__ void at(const Body& body, Place place) {
        body.at(place, variables<Variables>());
    }
};

template <class Variables> struct SharingAndFloats : Nothing {
    template <class Body> static __device__ __forceinline__ void at(const Body& body, Place place) {
        body.at(place, variables<Variables>(), floatsBehind<Variables>());
    }
};

template <class Variables> struct Prepared : SharingAndFloats<Variables> {
    template <class Body> static __device__ __forceinline__ void prepare(const Body& body, Place first) {
        body.prepare(first, variables<Variables>(), floatsBehind<Variables>());
    }
};

struct SharingFloats : Nothing {
    template <class Body> static __device__ __forceinline__ void at(const Body& body, Place place) {
        body.at(place, &variables<float>());
    }
};

/// Does the places of an instruction that are this block's. A function of its own, so that each body has registers of its own.
template <class Body, class Way> __device__ __noinline__ void follow(int number) {
    const Instruction& instruction = slot(number);
    static_assert(sizeof(Body) <= sizeof(instruction.parameters), "parameters fit");
    uint4 parameters[(sizeof(Body) + 15) / 16];
#pragma unroll
    for (int i = 0; i < static_cast<int>(sizeof(parameters) / 16); i++) {
        parameters[i] = ptx::loadShared16(instruction.parameters + 16 * i);
    }
    Body body;
    memcpy(&body, parameters, sizeof body);
    int x = instruction.places[0];
    int y = instruction.places[1];
    int count = x * y * instruction.places[2];
    auto place = [=](int i) -> Place { return {i % x, i / x % y, i / x / y}; };
    int first = blockIdx.x;
    if (first < count) {
        Way::prepare(body, place(first));
    }
    for (int i = first; i < count; i += gridDim.x) {
        Way::at(body, place(i));
        __syncthreads();
    }
}

template <class T> __device__ __forceinline__ void follow(int number) {
    switch (slot(number).opcode) {
        case EMBED:
            return follow<Embed<T>, Alone>(number);
        case ADD:
            return follow<Add, Alone>(number);
        case LAYER_NORM:
            return follow<LayerNorm, SharingAndFloats<RowMoments>>(number);
        case ADD_LAYER_NORM:
            return follow<AddLayerNorm, SharingAndFloats<RowMoments>>(number);
        case LINEAR_GEMV:
            return follow<LinearGemv<T>, Prepared<typename LinearGemv<T>::Shared>>(number);
        case LINEAR_CHAIN:
            return follow<LinearChain<T>, Sharing<typename LinearChain<T>::Ring>>(number);
        case ACTIVATE:
            return follow<Activate, Alone>(number);
        case APPEND:
            return follow<Append, Alone>(number);
        case ATTENTION_EXACT:
            return follow<AttentionExact, SharingAndFloats<attention::Shared>>(number);
        case ATTENTION_DECODE:
            return follow<AttentionDecode, Sharing<AttentionDecode::Shared>>(number);
        case ATTENTION_COMBINE:
            return follow<AttentionCombine, Alone>(number);
        case ATTENTION_SCORES:
            return follow<AttentionScores, SharingFloats>(number);
        case ATTENTION_PATTERN:
            return follow<AttentionPattern, Sharing<attention::Shared>>(number);
        case ATTENTION_MIX:
            return follow<AttentionMix, Alone>(number);
        case SELECT_ROWS:
            return follow<SelectRows, Alone>(number);
        case ADD_VECTOR:
            return follow<AddVector, Alone>(number);
        case SCALE:
            return follow<Scale, Alone>(number);
        case REPLACE_ROWS:
            return follow<ReplaceRows, Alone>(number);
        case PROJECT_OUT:
            return follow<ProjectOut, Alone>(number);
        case SAMPLE:
            return follow<Sample, Sharing<sampling::Shared>>(number);
    }
}

/// Begins to copy an instruction to shared memory.
__device__ __forceinline__ void fetch(Instruction& to, const Instruction* from) {
    constexpr int PIECE = 16;
    int at = threadIdx.x * PIECE;
    if (at < static_cast<int>(sizeof(Instruction))) {
        ptx::copyAsync16(reinterpret_cast<char*>(&to) + at, reinterpret_cast<const char*>(from) + at, PIECE);
    }
    ptx::copyAsyncCommit();
}

/// What was fetched is there, for all threads of the block.
__device__ __forceinline__ void settle() {
    ptx::copyAsyncWait<0>();
    __syncthreads();
}

/// All blocks together ask for the weights that are next.
__device__ __forceinline__ void askAhead(const Instruction& instruction) {
    constexpr int LINE = 128;
    for (const char* matrix : instruction.ahead) {
        if (matrix == nullptr) {
            return;
        }
        for (int at = (blockIdx.x * BLOCK + threadIdx.x) * LINE; at < instruction.aheadBytes; at += gridDim.x * BLOCK * LINE) {
            ptx::prefetch(matrix + at);
        }
    }
}

template <class T> __device__ __forceinline__ void followAll(const void* list, int count, unsigned* barrier) {
    auto* instructions = static_cast<const Instruction*>(list);
    fetch(slot(0), instructions);
    settle();
    for (int i = 0; i < count; i++) {
        const Instruction& now = slot(i);
        if (now.waits) {
            GridBarrier(barrier).wait([&] { askAhead(now); });
        }
        if (i + 1 < count) {
            fetch(slot(i + 1), instructions + i + 1);
        }
        follow<T>(i);
        settle();
    }
}

}  // namespace step
