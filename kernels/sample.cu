// chosen[o] = the token that follows row outputs[o], by the sampler of the row's slot
//
// chosen [outputs], seen [slots, V], logits [outputs, V], samplers [slots, 12], biases [slots, V], slots and positions [R],
// outputs [outputs].
// A sampler is flags (1 greedy, 2 penalty, 4 frequency or presence, 8 biases), penalty, temperature, top-k, top-p, min-p, seed low,
// seed high, frequency, presence, and two that are free. seen[t] is odd if t was seen, and twice how often it was chosen.
// 1. l[t] = logits[t]; if the penalty is on and seen[t]: divided by it above zero, else multiplied by it. If t was chosen n > 0 times and
//    frequency or presence are on: fma(-frequency, n, l) - presence. With biases: + biases[t]. A NaN: chosen is -1 - the first such t,
//    and nothing else happens.
// 2. best = the largest, the first of equals. Greedy: that is it.
// 3. w[t] = exp((l[t] - l[best]) / temperature), and 1 where l[t] = l[best], even if that is infinite; q[t] = floor(w[t] x 2^40), an
//    integer, so that sums of q have no order.
// 4. In the order of w descending, then t ascending: top-k keeps the first k; top-p (below 1) of these the shortest prefix, of one at
//    least, whose q come to topP x theirs; min-p drops w < minP.
// 5. The first kept token, by t, at which the q kept so far exceed floor(u x their total); u = Philox4x32-10(seed, position).
// 6. With a penalty of any kind, seen[chosen] becomes odd and 2 more.
//
// A block does one output. Nothing is sorted: the end of a prefix is looked for among the bits of w, eight candidates a pass over the
// logits, until one token is left between two of them; most tokens fall out of a pass by comparing their logit alone. Tokens of equal
// w are told apart by a walk over t, as is the chosen token: the warps sum an eighth each, and the one that has it is cut again.
// Moves 4 x V bytes a pass, from the L2 cache: 1 pass for greedy, 5 plus the search's otherwise. V below 2^22 - 256.
// No sum is of floats: the result does not depend on the block.
// launch: block 256, grid (outputs), shared 0
#include "sample.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) sample(
        int* __restrict__ chosen,
        int* __restrict__ seen,
        const float* __restrict__ logits,
        const int* __restrict__ samplers,
        const int* __restrict__ biases,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        const int* __restrict__ outputs,
        int vocabulary) {
    __shared__ sampling::Shared shared;
    Sample{chosen, seen, logits, samplers, biases, slots, positions, outputs, vocabulary}.at(here(), shared);
}
