package dev.weir.bench.peers;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What all engines do in a round.
 *
 * @param folder of the model, as Hugging Face lays it out
 * @param gguf the same weights for llama.cpp
 * @param repeat how often each test is timed in a round; the median counts
 */
record Setting(
        String model,
        Path folder,
        Path gguf,
        String dtype,
        int threads,
        int prompt,
        int tokens,
        List<Integer> depths,
        int repeat) {

    /** One test of a setting; a depth below zero is a prefill. */
    record Test(int tokens, int depth) {

        boolean isPrefill() {
            return depth < 0;
        }

        String name() {
            return isPrefill() ? "prefill " + tokens : "decode " + tokens + (depth > 0 ? " at " + depth : "");
        }
    }

    List<Test> tests() {
        var tests = new ArrayList<Test>();
        if (prompt > 0) {
            tests.add(new Test(prompt, -1));
        }
        depths.forEach(depth -> tests.add(new Test(tokens, depth)));
        return tests;
    }

    String name() {
        return model + " " + dtype + ", " + threads + (threads == 1 ? " thread" : " threads");
    }
}
