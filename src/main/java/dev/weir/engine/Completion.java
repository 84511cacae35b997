package dev.weir.engine;

import java.util.List;

/**
 * What came of a call: a generation for each prompt, in the order of the prompts.
 *
 * @param forwardRows rows that went through the model: a prompt of P tokens and N new ones take P + N - 1
 */
public record Completion(List<Generation> generations, Timings timings, long forwardRows) {

    public Completion {
        generations = List.copyOf(generations);
    }
}
