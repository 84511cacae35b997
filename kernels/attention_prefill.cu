// attention_prefill: z = softmax(scale * q . keys) . values for the keys up to each row's position, many rows, fast: flash attention (Dao et al. 2022, 2023)
// over tiles of 64 rows. Not the CPU's order, but a fixed one.
//
// launch attention_prefill_T: block 128, grid (ceil(rows / 64), heads), shared 0
//
// z, q [rows, heads * headWidth]; keys, values [rows of all pages, heads * headWidth]; slots, positions [rows]; pages, pageShift: pages.cuh;
// headWidth up to 128. The keys of the step's own rows are already there.
//
// A block makes one head of 64 rows. Its rows may belong to any slots: it goes through the runs of neighbouring rows with one slot, and through the tiles of
// keys that a run sees; to rows outside the run, and beyond a row's position, a key is masked, which changes no bit of them. A masked key weighs 0, and what is
// not finite in its values (0 times infinity is NaN) must not reach the row: a tile that some of the block's rows do not see whole is looked through for such
// values; they are added to the rows that see them, and are 0 in the product. A row keeps its largest score m, the sum l of exp(score - m) and the weighted sum
// of values, all rescaled when m grows (Milakov and Gimelshein 2018). Heads are padded with zeros to 64 or 128 columns on their way into shared memory; a tile
// of keys is 64 or 32 of them.
//
// BF16 and F16: q, keys, values and the weights are rounded to the type; both products run on tensor cores (a warp has 16 rows, q and all sums stay in its
// registers) and add up in float32; the exponential is 2^x of the hardware. While one tile is multiplied, the next arrives by cp.async as float32; each thread
// rounds what it copied itself. Errors beside float32: the roundings of q and keys, at most 2^-7 (BF16) or 2^-10 (F16) of scale |q| . |k| in a
// score, and those of weights and values, at most 2^-7 or 2^-10 of the weighted |values|.
// F32: float32 cores, exp of numbers.cuh. A thread has 4 rows and every eighth key or column; the tile of values waits in registers while scores are made.
//
// Tiles of keys begin at key 0, so the bits of a row depend on its own q and keys only: not on other rows, nor on the grid.
//
// Floor: 4 headWidth flops for every key a row sees. 512 rows of 12 heads of 64, causal: 0.4 GFLOP, 6 us on float32 cores (67 TFLOP/s, H100), 0.7 us on tensor
// cores at 620 TFLOP/s: what binds there is latency, 96 blocks with 8 tiles one after the other. Bytes moved: keys and values once for every 64 rows.
// What would pay on sm_90, once it can be measured: wgmma, and a producer warp; the cache kept in the type of the weights.
#include "numbers.cuh"
#include "pages.cuh"
#include "ptx.cuh"

namespace {

constexpr int THREADS = 128;
constexpr int ROWS = 64;
constexpr int MAX_WIDTH = 128;
constexpr float LOG2_E = 1.4426950408889634f;

struct Attention {
    float* z;
    const float* q;
    const float* keys;
    const float* values;
    const int* slots;
    const int* positions;
    const int* pages;
    int rows, heads, headWidth, context, pageShift;
    float scale;

    __device__ __forceinline__ size_t pitch() const { return static_cast<size_t>(heads) * headWidth; }
    __device__ __forceinline__ int row0() const { return blockIdx.x * ROWS; }
    /// How many of the tile's rows there are.
    __device__ __forceinline__ int count() const { return min(ROWS, rows - row0()); }
    __device__ __forceinline__ int headColumn() const { return blockIdx.y * headWidth; }
    __device__ __forceinline__ int position(int row) const { return row < count() ? __ldg(positions + row0() + row) : -1; }
};

/// The block's way through its work: for each run of neighbouring rows with one slot, tile after tile of the keys that any of them sees. All threads of a warp
/// hold the same.
struct Tiles {
    int begin, end;  // the run's rows in the block's tile
    int slot;
    int seen;       // keys that the run sees
    int seenByAll;  // keys that every row of the block sees
    int key;        // the first of the current tile

    __device__ __forceinline__ bool more(const Attention& a) const { return begin < a.count(); }
    __device__ __forceinline__ bool has(int row) const { return row >= begin && row < end; }
    /// The row of a key in the cache, or 0 of one that the run does not see. The keys after it follow it there up to the next multiple of SMALLEST_PAGE.
    __device__ __forceinline__ size_t rowOf(const Attention& a, int of) const { return of < seen ? Pages(a.pages, slot, a.context, a.pageShift).row(of) : 0; }
    /// Whether some row of the block does not see all of the tile's keys.
    template <int KEYS> __device__ __forceinline__ bool hides() const { return key + KEYS > seenByAll; }

    /// The run that begins at a row. Called by whole warps: each lane looks at two rows.
    static __device__ __forceinline__ Tiles run(const Attention& a, int begin) {
        int lane = threadIdx.x % WARP;
        Tiles t = {begin, begin, 0, 0, 0, 0};
        if (begin >= a.count()) {
            return t;
        }
        t.slot = __ldg(a.slots + a.row0() + begin);
        int largest = -1, smallest = a.context;
        t.end = a.count();
        for (int first = 0; first < ROWS; first += WARP) {
            int row = first + lane;
            bool other = row >= begin && row < t.end && __ldg(a.slots + a.row0() + row) != t.slot;
            unsigned others = __ballot_sync(ALL_LANES, other);
            if (others != 0) {
                t.end = first + __ffs(others) - 1;
            }
            largest = max(largest, t.has(row) ? a.position(row) : -1);
            smallest = min(smallest, t.has(row) ? a.position(row) : a.context);
        }
        t.seen = __reduce_max_sync(ALL_LANES, largest) + 1;
        t.seenByAll = begin == 0 && t.end == a.count() ? __reduce_min_sync(ALL_LANES, smallest) + 1 : 0;
        return t;
    }

    static __device__ __forceinline__ Tiles first(const Attention& a) { return run(a, 0); }

    template <int KEYS> __device__ __forceinline__ Tiles next(const Attention& a) const {
        Tiles t = *this;
        t.key += KEYS;
        return t.key < t.seen ? t : run(a, t.end);
    }
};

/// The largest score that weights are measured by: of a row without keys 0, so that exp(-infinity - it) is 0 and not NaN.
__device__ __forceinline__ float reference(float largest) { return largest == -INFINITY ? 0.0f : largest; }

__device__ __forceinline__ bool isFinite(float x) { return x - x == 0; }

/// A sum of a row, and on top what is not finite of a value, if the row sees it.
__device__ __forceinline__ float spoiled(float sum, float value, bool seen) { return seen && !isFinite(value) ? sum + value : sum; }

// ---- tensor cores -----------------------------------------------------------------------------------------------------------------

constexpr int TILE = 4096;  // elements of a tile of keys: 64 keys of 64 columns, or 32 of 128

template <class T> struct TensorShared {
    float arriving[2][TILE];  // keys, values
    T multiplied[2][TILE];
};

__device__ __forceinline__ void multiplyAdd(bf16, float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) { ptx::multiplyAddBf16(d, a, b0, b1); }
__device__ __forceinline__ void multiplyAdd(f16, float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) { ptx::multiplyAddF16(d, a, b0, b1); }

/// The exponents of a pair: all ones where a number is not finite.
template <class T> constexpr uint32_t EXPONENTS = 0;
template <> constexpr uint32_t EXPONENTS<bf16> = 0x7f807f80;
template <> constexpr uint32_t EXPONENTS<f16> = 0x7c007c00;

/// Bits 15 and 31: whether the low and the high number of a pair are not finite. All ones and a one more carry into the sign's place.
template <class T> __device__ __forceinline__ uint32_t notFinite(uint32_t pair) {
    constexpr uint32_t ONES = EXPONENTS<T> & ~(EXPONENTS<T> << 1);
    return ((pair & EXPONENTS<T>) + ONES) & 0x80008000;
}

/// A pair, with 0 for what is not finite.
template <class T> __device__ __forceinline__ uint32_t finitePair(uint32_t pair) { return pair & ~((notFinite<T>(pair) >> 15) * 0xffff); }

template <class T> __device__ __forceinline__ uint32_t narrowPair(float low, float high) {
    T pair[2] = {narrow<T>(low), narrow<T>(high)};
    uint32_t bits;
    memcpy(&bits, pair, sizeof bits);
    return bits;
}

template <class T, int WIDTH> struct Tensor {
    static constexpr int KEYS = TILE / WIDTH;
    static constexpr int FOURS = WIDTH / 4;

    /// Where piece `piece` (16 bytes) of a row lies: swizzled, so that the eight rows of a matrix meet no bank twice.
    static __device__ __forceinline__ int at(int row, int piece) { return row * WIDTH + (piece ^ (row % 8)) * 8; }

    /// Where a thread keeps four columns.
    template <class U> static __device__ __forceinline__ U* place(U* tile, int four) {
        int row = four / FOURS, column = four % FOURS;
        return tile + at(row, column / 2) + column % 2 * 4;
    }

    static __device__ __forceinline__ void store(T* tile, int four, float4 v) {
        uint2 bits = make_uint2(narrowPair<T>(v.x, v.y), narrowPair<T>(v.z, v.w));
        *reinterpret_cast<uint2*>(place(tile, four)) = bits;
    }

    /// Begins the copies of a tile; what is not there becomes zero.
    static __device__ __forceinline__ void fetch(TensorShared<T>& shared, const Attention& a, const Tiles& t) {
        static_assert(KEYS <= 2 * SMALLEST_PAGE, "a tile lies in two pages at most");
        size_t rows[2] = {t.rowOf(a, t.key), KEYS > SMALLEST_PAGE ? t.rowOf(a, t.key + SMALLEST_PAGE) : 0};
        if (a.headWidth % 4 == 0 && aligned16(a.keys) && aligned16(a.values)) {
#pragma unroll
            for (int i = 0; i < TILE / 4 / THREADS; i++) {
                fetchFour<4>(shared, a, t, rows, threadIdx.x + i * THREADS);
            }
        } else {
#pragma unroll 1
            for (int i = 0; i < TILE / 4 / THREADS; i++) {
                fetchFour<1>(shared, a, t, rows, threadIdx.x + i * THREADS);
            }
        }
        ptx::copyAsyncCommit();
    }

    /// Four columns of a key and of its value, TOGETHER (4 or 1) to a copy.
    template <int TOGETHER> static __device__ __forceinline__ void fetchFour(TensorShared<T>& shared, const Attention& a, const Tiles& t, const size_t (&rows)[2], int four) {
        int inTile = four / FOURS, key = t.key + inTile, column = four % FOURS * 4;
        size_t row = ((inTile < SMALLEST_PAGE ? rows[0] : rows[1]) + inTile % SMALLEST_PAGE) * a.pitch() + a.headColumn();
#pragma unroll
        for (int i = 0; i < 4; i += TOGETHER) {
            bool inside = key < t.seen && column + i < a.headWidth;
            size_t offset = inside ? row + column + i : 0;
            if constexpr (TOGETHER == 4) {
                ptx::copyAsync16(shared.arriving[0] + four * 4, a.keys + offset, inside ? 16 : 0);
                ptx::copyAsync16(shared.arriving[1] + four * 4, a.values + offset, inside ? 16 : 0);
            } else {
                ptx::copyAsync4(shared.arriving[0] + four * 4 + i, a.keys + offset, inside ? 4 : 0);
                ptx::copyAsync4(shared.arriving[1] + four * 4 + i, a.values + offset, inside ? 4 : 0);
            }
        }
    }

    /// What this thread has copied becomes factors.
    static __device__ __forceinline__ void round(TensorShared<T>& shared) {
#pragma unroll
        for (int i = 0; i < TILE / 4 / THREADS; i++) {
            int four = threadIdx.x + i * THREADS;
            store(shared.multiplied[0], four, *reinterpret_cast<const float4*>(shared.arriving[0] + four * 4));
            store(shared.multiplied[1], four, *reinterpret_cast<const float4*>(shared.arriving[1] + four * 4));
        }
    }

    /// Whether any value that this thread has rounded is not finite.
    static __device__ __forceinline__ bool spoils(const T* values) {
        uint32_t found = 0;
#pragma unroll
        for (int i = 0; i < TILE / 4 / THREADS; i++) {
            uint2 bits = *reinterpret_cast<const uint2*>(place(values, threadIdx.x + i * THREADS));
            found |= notFinite<T>(bits.x) | notFinite<T>(bits.y);
        }
        return found != 0;
    }

    /// What this thread has rounded, with 0 for what is not finite.
    static __device__ __forceinline__ void clean(T* values) {
#pragma unroll 1
        for (int i = 0; i < TILE / 4 / THREADS; i++) {
            auto* pairs = reinterpret_cast<uint2*>(place(values, threadIdx.x + i * THREADS));
            *pairs = make_uint2(finitePair<T>(pairs->x), finitePair<T>(pairs->y));
        }
    }

    /// This warp's 16 rows of q, as factors in registers; they pass through the tiles' shared memory.
    static __device__ __forceinline__ void loadQueries(uint32_t (&queries)[WIDTH / 16][4], TensorShared<T>& shared, const Attention& a) {
        T* tile = shared.multiplied[0];
        bool aligned = a.headWidth % 4 == 0 && aligned16(a.q);
#pragma unroll 1
        for (int four = threadIdx.x; four < ROWS * FOURS; four += THREADS) {
            int row = four / FOURS, column = four % FOURS * 4;
            float4 v = make_float4(0, 0, 0, 0);
            if (row < a.count()) {
                const float* from = a.q + (a.row0() + row) * a.pitch() + a.headColumn() + column;
                if (aligned && column < a.headWidth) {
                    v = *reinterpret_cast<const float4*>(from);
                } else {
                    v.x = column < a.headWidth ? from[0] : 0.0f;
                    v.y = column + 1 < a.headWidth ? from[1] : 0.0f;
                    v.z = column + 2 < a.headWidth ? from[2] : 0.0f;
                    v.w = column + 3 < a.headWidth ? from[3] : 0.0f;
                }
            }
            store(tile, four, v);
        }
        __syncthreads();
        int lane = threadIdx.x % WARP, warpRow = threadIdx.x / WARP * 16;
#pragma unroll
        for (int k = 0; k < WIDTH / 16; k++) {
            ptx::loadMatrix4(queries[k], tile + at(warpRow + lane % 16, k * 2 + lane / 16));
        }
    }

    /// One row's share of a tile: the online softmax over this lane's scores, which become weights. `i` is 0 or 2: the row's half of each four.
    static __device__ __forceinline__ void weigh(float (&scores)[KEYS / 8][4], float (&sums)[WIDTH / 8][4], float& largest, float& total, int i, int visible, float factor) {
        int column = threadIdx.x % 4 * 2;
        float top = largest;
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
            scores[n][i] = n * 8 + column < visible ? scores[n][i] * factor : -INFINITY;
            scores[n][i + 1] = n * 8 + column + 1 < visible ? scores[n][i + 1] * factor : -INFINITY;
            top = fmaxf(top, fmaxf(scores[n][i], scores[n][i + 1]));
        }
        top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, 1));
        top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, 2));
        float zero = reference(top);
        float shrink = ptx::exp2Fast(largest - zero);
        total *= shrink;
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
            scores[n][i] = ptx::exp2Fast(scores[n][i] - zero);
            scores[n][i + 1] = ptx::exp2Fast(scores[n][i + 1] - zero);
            total += scores[n][i] + scores[n][i + 1];
        }
#pragma unroll
        for (int n = 0; n < WIDTH / 8; n++) {
            sums[n][i] *= shrink;
            sums[n][i + 1] *= shrink;
        }
        largest = top;
    }

    static __device__ __forceinline__ void multiplyKeys(float (&scores)[KEYS / 8][4], const uint32_t (&queries)[WIDTH / 16][4], const T* keys) {
        int lane = threadIdx.x % WARP;
#pragma unroll
        for (int n = 0; n < KEYS / 16; n++) {
#pragma unroll
            for (int k = 0; k < WIDTH / 16; k++) {
                uint32_t b[4];
                ptx::loadMatrix4(b, keys + at(n * 16 + lane / 16 * 8 + lane % 8, k * 2 + lane / 8 % 2));
                multiplyAdd(T(), scores[2 * n], queries[k], b[0], b[1]);
                multiplyAdd(T(), scores[2 * n + 1], queries[k], b[2], b[3]);
            }
        }
    }

    static __device__ __forceinline__ void multiplyValues(float (&sums)[WIDTH / 8][4], const float (&weights)[KEYS / 8][4], const T* values) {
        int lane = threadIdx.x % WARP;
#pragma unroll
        for (int k = 0; k < KEYS / 16; k++) {
            uint32_t a[4] = {narrowPair<T>(weights[2 * k][0], weights[2 * k][1]), narrowPair<T>(weights[2 * k][2], weights[2 * k][3]),
                narrowPair<T>(weights[2 * k + 1][0], weights[2 * k + 1][1]), narrowPair<T>(weights[2 * k + 1][2], weights[2 * k + 1][3])};
#pragma unroll
            for (int n = 0; n < WIDTH / 16; n++) {
                uint32_t b[4];
                ptx::loadMatrix4Transposed(b, values + at(k * 16 + lane % 16, n * 2 + lane / 16));
                multiplyAdd(T(), sums[2 * n], a, b[0], b[1]);
                multiplyAdd(T(), sums[2 * n + 1], a, b[2], b[3]);
            }
        }
    }

    /// Adds the values that are not finite to the sums of the rows that see them.
    static __device__ __forceinline__ void spoil(float (&sums)[WIDTH / 8][4], const T* values, int visible, int visibleBelow) {
        int column = threadIdx.x % 4 * 2;
#pragma unroll
        for (int n = 0; n < WIDTH / 8; n++) {
#pragma unroll 1
            for (int key = 0; key < KEYS; key++) {
#pragma unroll
                for (int c = 0; c < 2; c++) {
                    float value = widen(values[at(key, n) + column + c]);
                    sums[n][c] = spoiled(sums[n][c], value, key < visible);
                    sums[n][2 + c] = spoiled(sums[n][2 + c], value, key < visibleBelow);
                }
            }
        }
    }

    /// Writes one row: `i` is 0 or 2 as in weigh.
    static __device__ __forceinline__ void write(const Attention& a, const float (&sums)[WIDTH / 8][4], float total, int row, int i) {
        total += __shfl_xor_sync(ALL_LANES, total, 1);
        total += __shfl_xor_sync(ALL_LANES, total, 2);
        if (row >= a.count()) {
            return;
        }
        float share = 1.0f / total;
        float* to = a.z + (a.row0() + row) * a.pitch() + a.headColumn();
#pragma unroll
        for (int n = 0; n < WIDTH / 8; n++) {
#pragma unroll
            for (int c = 0; c < 2; c++) {
                int column = n * 8 + threadIdx.x % 4 * 2 + c;
                if (column < a.headWidth) {
                    to[column] = sums[n][i + c] * share;
                }
            }
        }
    }

    static __device__ __forceinline__ void attend(const Attention& a, TensorShared<T>& shared) {
        Tiles tile = Tiles::first(a);
        fetch(shared, a, tile);
        uint32_t queries[WIDTH / 16][4];
        loadQueries(queries, shared, a);

        int warpRow = threadIdx.x / WARP * 16;
        int row = warpRow + threadIdx.x % WARP / 4;
        int position = a.position(row), positionBelow = a.position(row + 8);
        float factor = a.scale * LOG2_E;
        float largest[2] = {-INFINITY, -INFINITY}, total[2] = {0, 0};
        float sums[WIDTH / 8][4] = {};
        while (tile.more(a)) {
            ptx::copyAsyncWait<0>();
            __syncthreads();
            round(shared);
            bool hasSpoilt = __syncthreads_or(tile.template hides<KEYS>() && spoils(shared.multiplied[1]));
            Tiles next = tile.template next<KEYS>(a);
            if (next.more(a)) {
                fetch(shared, a, next);
            }
            int visible = tile.has(row) ? position + 1 - tile.key : 0;
            int visibleBelow = tile.has(row + 8) ? positionBelow + 1 - tile.key : 0;
            bool sees = __any_sync(ALL_LANES, visible > 0 || visibleBelow > 0);
            float scores[KEYS / 8][4] = {};
            if (sees) {
                multiplyKeys(scores, queries, shared.multiplied[0]);
                weigh(scores, sums, largest[0], total[0], 0, visible, factor);
                weigh(scores, sums, largest[1], total[1], 2, visibleBelow, factor);
            }
            if (hasSpoilt) {
                spoil(sums, shared.multiplied[1], visible, visibleBelow);
                __syncthreads();
                clean(shared.multiplied[1]);
                __syncthreads();
            }
            if (sees) {
                multiplyValues(sums, scores, shared.multiplied[1]);
            }
            tile = next;
        }
        write(a, sums, total[0], row, 0);
        write(a, sums, total[1], row + 8, 2);
    }
};

// ---- float32 cores ----------------------------------------------------------------------------------------------------------------

/// Keys of a tile and columns of a head: 32 keys of 64 columns, or 16 of 128. Rows of shared memory are padded by 16 bytes: then the 16-byte reads of a
/// warp, four rows of q or eight keys, meet no bank twice.
template <int WIDTH> struct Plain {
    static constexpr int KEYS = 2048 / WIDTH;
    static constexpr int PITCH = WIDTH + 4;
    static constexpr int FOURS = WIDTH / 4;
    static constexpr int LOADS = KEYS * FOURS / THREADS;
    static constexpr int LANE_KEYS = KEYS / 8;
    static constexpr int LANE_FOURS = FOURS / 8;

    struct alignas(16) Shared {
        float queries[ROWS][PITCH];
        float tile[KEYS][PITCH];  // keys, then values
        float weights[ROWS][KEYS + 4];
    };

    /// Four columns of a row; what is not there is zero.
    static __device__ __forceinline__ float4 load(const float* row, int column, int width, bool inside, bool aligned) {
        if (inside && aligned && column < width) {
            return *reinterpret_cast<const float4*>(row + column);
        }
        float4 v;
        v.x = inside && column < width ? row[column] : 0.0f;
        v.y = inside && column + 1 < width ? row[column + 1] : 0.0f;
        v.z = inside && column + 2 < width ? row[column + 2] : 0.0f;
        v.w = inside && column + 3 < width ? row[column + 3] : 0.0f;
        return v;
    }

    static __device__ __forceinline__ void fetch(float4 (&values)[LOADS], const float* cache, const Attention& a, const Tiles& t) {
        static_assert(KEYS <= SMALLEST_PAGE, "a tile lies in one page");
        bool aligned = a.headWidth % 4 == 0 && aligned16(cache);
        const float* tile = cache + t.rowOf(a, t.key) * a.pitch() + a.headColumn();
#pragma unroll
        for (int i = 0; i < LOADS; i++) {
            int four = threadIdx.x + i * THREADS;
            int key = t.key + four / FOURS;
            const float* row = tile + four / FOURS * a.pitch();
            values[i] = load(row, four % FOURS * 4, a.headWidth, key < t.seen, aligned);
        }
    }

    static __device__ __forceinline__ void store(Shared& shared, const float4 (&values)[LOADS]) {
#pragma unroll
        for (int i = 0; i < LOADS; i++) {
            int four = threadIdx.x + i * THREADS;
            *reinterpret_cast<float4*>(&shared.tile[four / FOURS][four % FOURS * 4]) = values[i];
        }
    }

    static __device__ __forceinline__ void loadQueries(Shared& shared, const Attention& a) {
        bool aligned = a.headWidth % 4 == 0 && aligned16(a.q);
#pragma unroll 4
        for (int four = threadIdx.x; four < ROWS * FOURS; four += THREADS) {
            int row = four / FOURS, column = four % FOURS * 4;
            const float* from = a.q + (a.row0() + row) * a.pitch() + a.headColumn();
            *reinterpret_cast<float4*>(&shared.queries[row][column]) = load(from, column, a.headWidth, row < a.count(), aligned);
        }
    }

    /// Row r of a thread, r < 4.
    static __device__ __forceinline__ int row(int r) { return threadIdx.x / 8 + 16 * r; }

    static __device__ __forceinline__ float dot(float4 a, float4 b, float sum) { return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum)))); }

    static __device__ __forceinline__ void multiplyKeys(float (&scores)[4][LANE_KEYS], const Shared& shared) {
        int lane = threadIdx.x % 8;
#pragma unroll 4
        for (int k = 0; k < WIDTH; k += 4) {
            float4 q[4], keys[LANE_KEYS];
#pragma unroll
            for (int r = 0; r < 4; r++) {
                q[r] = *reinterpret_cast<const float4*>(&shared.queries[row(r)][k]);
            }
#pragma unroll
            for (int j = 0; j < LANE_KEYS; j++) {
                keys[j] = *reinterpret_cast<const float4*>(&shared.tile[lane + 8 * j][k]);
            }
#pragma unroll
            for (int r = 0; r < 4; r++) {
#pragma unroll
                for (int j = 0; j < LANE_KEYS; j++) {
                    scores[r][j] = dot(q[r], keys[j], scores[r][j]);
                }
            }
        }
    }

    /// The online softmax of the thread's rows; weights go to shared memory, where the eight lanes of a row find each other's.
    static __device__ __forceinline__ void weigh(Shared& shared, float (&scores)[4][LANE_KEYS], float4 (&sums)[4][LANE_FOURS], float (&largest)[4], float (&total)[4], const int (&visible)[4], float scale) {
        int lane = threadIdx.x % 8;
#pragma unroll
        for (int r = 0; r < 4; r++) {
            float top = largest[r];
#pragma unroll
            for (int j = 0; j < LANE_KEYS; j++) {
                scores[r][j] = lane + 8 * j < visible[r] ? scores[r][j] * scale : -INFINITY;
                top = fmaxf(top, scores[r][j]);
            }
#pragma unroll
            for (int distance = 4; distance > 0; distance /= 2) {
                top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, distance));
            }
            float zero = reference(top);
            float shrink = formulas::exp(largest[r] - zero);
            total[r] *= shrink;
#pragma unroll
            for (int j = 0; j < LANE_KEYS; j++) {
                float weight = formulas::exp(scores[r][j] - zero);
                total[r] += weight;
                shared.weights[row(r)][lane + 8 * j] = weight;
            }
#pragma unroll
            for (int c = 0; c < LANE_FOURS; c++) {
                sums[r][c] = make_float4(sums[r][c].x * shrink, sums[r][c].y * shrink, sums[r][c].z * shrink, sums[r][c].w * shrink);
            }
            largest[r] = top;
        }
    }

    /// Whether any of a thread's values is not finite.
    static __device__ __forceinline__ bool spoils(const float4 (&values)[LOADS]) {
        bool found = false;
#pragma unroll
        for (int i = 0; i < LOADS; i++) {
            found |= !isFinite(values[i].x) || !isFinite(values[i].y) || !isFinite(values[i].z) || !isFinite(values[i].w);
        }
        return found;
    }

    /// The same values with 0 for what is not finite.
    static __device__ __forceinline__ void clean(float4 (&values)[LOADS]) {
#pragma unroll
        for (int i = 0; i < LOADS; i++) {
            float4 v = values[i];
            values[i] = make_float4(isFinite(v.x) ? v.x : 0, isFinite(v.y) ? v.y : 0, isFinite(v.z) ? v.z : 0, isFinite(v.w) ? v.w : 0);
        }
    }

    /// Adds the values that are not finite to the sums of the rows that see them.
    static __device__ __forceinline__ void spoil(float4 (&sums)[4][LANE_FOURS], const Shared& shared, const int (&visible)[4]) {
        int lane = threadIdx.x % 8;
#pragma unroll
        for (int c = 0; c < LANE_FOURS; c++) {
#pragma unroll 1
            for (int key = 0; key < KEYS; key++) {
                float4 v = *reinterpret_cast<const float4*>(&shared.tile[key][lane * 4 + 32 * c]);
#pragma unroll
                for (int r = 0; r < 4; r++) {
                    float4& sum = sums[r][c];
                    bool seen = key < visible[r];
                    sum = make_float4(spoiled(sum.x, v.x, seen), spoiled(sum.y, v.y, seen), spoiled(sum.z, v.z, seen), spoiled(sum.w, v.w, seen));
                }
            }
        }
    }

    static __device__ __forceinline__ void multiplyValues(float4 (&sums)[4][LANE_FOURS], const Shared& shared) {
        int lane = threadIdx.x % 8;
#pragma unroll 4
        for (int key = 0; key < KEYS; key++) {
            float weights[4];
#pragma unroll
            for (int r = 0; r < 4; r++) {
                weights[r] = shared.weights[row(r)][key];
            }
#pragma unroll
            for (int c = 0; c < LANE_FOURS; c++) {
                float4 v = *reinterpret_cast<const float4*>(&shared.tile[key][lane * 4 + 32 * c]);
#pragma unroll
                for (int r = 0; r < 4; r++) {
                    float4& sum = sums[r][c];
                    sum = make_float4(fmaf(weights[r], v.x, sum.x), fmaf(weights[r], v.y, sum.y), fmaf(weights[r], v.z, sum.z), fmaf(weights[r], v.w, sum.w));
                }
            }
        }
    }

    static __device__ __forceinline__ void write(const Attention& a, const float4 (&sums)[4][LANE_FOURS], const float (&totals)[4]) {
        int lane = threadIdx.x % 8;
#pragma unroll
        for (int r = 0; r < 4; r++) {
            float total = totals[r];
#pragma unroll
            for (int distance = 4; distance > 0; distance /= 2) {
                total += __shfl_xor_sync(ALL_LANES, total, distance);
            }
            float share = 1.0f / total;
            float* to = a.z + (a.row0() + row(r)) * a.pitch() + a.headColumn();
#pragma unroll
            for (int c = 0; c < LANE_FOURS; c++) {
                float values[4] = {sums[r][c].x, sums[r][c].y, sums[r][c].z, sums[r][c].w};
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    int column = lane * 4 + 32 * c + i;
                    if (row(r) < a.count() && column < a.headWidth) {
                        to[column] = values[i] * share;
                    }
                }
            }
        }
    }

    static __device__ __forceinline__ void attend(const Attention& a, Shared& shared) {
        Tiles tile = Tiles::first(a);
        float4 arriving[LOADS];
        fetch(arriving, a.keys, a, tile);
        loadQueries(shared, a);
        int positions[4];
#pragma unroll
        for (int r = 0; r < 4; r++) {
            positions[r] = a.position(row(r));
        }
        float largest[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY}, total[4] = {};
        float4 sums[4][LANE_FOURS] = {};
        while (tile.more(a)) {
            store(shared, arriving);
            __syncthreads();
            fetch(arriving, a.values, a, tile);
            float scores[4][LANE_KEYS] = {};
            multiplyKeys(scores, shared);
            int visible[4];
#pragma unroll
            for (int r = 0; r < 4; r++) {
                visible[r] = tile.has(row(r)) ? positions[r] + 1 - tile.key : 0;
            }
            weigh(shared, scores, sums, largest, total, visible, a.scale);
            __syncthreads();
            store(shared, arriving);
            if (__syncthreads_or(tile.template hides<KEYS>() && spoils(arriving))) {
                spoil(sums, shared, visible);
                __syncthreads();
                clean(arriving);
                store(shared, arriving);
                __syncthreads();
            }
            Tiles next = tile.template next<KEYS>(a);
            if (next.more(a)) {
                fetch(arriving, a.keys, a, next);
            }
            multiplyValues(sums, shared);
            __syncthreads();
            tile = next;
        }
        write(a, sums, total);
    }
};

// ---- kernels ----------------------------------------------------------------------------------------------------------------------

template <class T> __device__ __forceinline__ void attendByTensorCores(const Attention& a, TensorShared<T>& shared) {
    if (a.headWidth <= MAX_WIDTH / 2) {
        Tensor<T, MAX_WIDTH / 2>::attend(a, shared);
    } else {
        Tensor<T, MAX_WIDTH>::attend(a, shared);
    }
}

union PlainShared {
    Plain<MAX_WIDTH / 2>::Shared narrow;
    Plain<MAX_WIDTH>::Shared wide;
};

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS, 2)
    attention_prefill_f32(float* z, const float* q, const float* keys, const float* values, const int* slots, const int* positions, const int* pages, int rows, int heads, int headWidth, int context, int pageShift, float scale) {
    __shared__ PlainShared shared;
    Attention a = {z, q, keys, values, slots, positions, pages, rows, heads, headWidth, context, pageShift, scale};
    if (headWidth <= MAX_WIDTH / 2) {
        Plain<MAX_WIDTH / 2>::attend(a, shared.narrow);
    } else {
        Plain<MAX_WIDTH>::attend(a, shared.wide);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
    attention_prefill_bf16(float* z, const float* q, const float* keys, const float* values, const int* slots, const int* positions, const int* pages, int rows, int heads, int headWidth, int context, int pageShift, float scale) {
    __shared__ __align__(16) TensorShared<bf16> shared;
    attendByTensorCores<bf16>({z, q, keys, values, slots, positions, pages, rows, heads, headWidth, context, pageShift, scale}, shared);
}

extern "C" __global__ void __launch_bounds__(THREADS)
    attention_prefill_f16(float* z, const float* q, const float* keys, const float* values, const int* slots, const int* positions, const int* pages, int rows, int heads, int headWidth, int context, int pageShift, float scale) {
    __shared__ __align__(16) TensorShared<f16> shared;
    attendByTensorCores<f16>({z, q, keys, values, slots, positions, pages, rows, heads, headWidth, context, pageShift, scale}, shared);
}
