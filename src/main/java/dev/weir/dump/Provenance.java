package dev.weir.dump;

import java.util.List;

/**
 * Where a trace comes from, so that a file can be understood without the command that made it.
 *
 * @param model the model's name
 * @param weightsSha256 digest of its weights
 * @param dtype how the machine kept the weights: {@code bfloat16}
 * @param machine the device and how it computed, in one line
 * @param version Weir's
 * @param promptLengths tokens of each prompt; what follows in a sequence was generated
 */
public record Provenance(
        String model, String weightsSha256, String dtype, String machine, String version, List<Integer> promptLengths) {

    public Provenance {
        promptLengths = List.copyOf(promptLengths);
    }
}
