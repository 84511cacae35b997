package dev.weir.backend.cuda;

import dev.weir.tensor.DType;
import java.util.Locale;

/**
 * Every kernel of {@code kernels/}. An entry is named as its constant, in lower case; tests hold files, entries and parameters against
 * the PTX that ships.
 */
enum Kernel {
    EMBED_F32("embed", "pppii"),
    EMBED_BF16("embed", "pppii"),
    EMBED_F16("embed", "pppii"),
    ADD("add", "pppi"),
    LAYER_NORM("layer_norm", "ppppppif"),
    ADD_LAYER_NORM("add_layer_norm", "ppppppppif"),
    LINEAR_GEMV_F32("linear_gemv", "pppppppppppiiiii"),
    LINEAR_GEMV_BF16("linear_gemv", "pppppppppppiiiii"),
    LINEAR_GEMV_F16("linear_gemv", "pppppppppppiiiii"),
    LINEAR_CHAIN_F32("linear_chain", "pppppppppppiiiii"),
    LINEAR_CHAIN_BF16("linear_chain", "pppppppppppiiiii"),
    LINEAR_CHAIN_F16("linear_chain", "pppppppppppiiiii"),
    LINEAR_TILE_F32("linear_tile", "pppppppppppiiiii"),
    LINEAR_TILE_BF16("linear_tile", "pppppppppppiiiii"),
    LINEAR_TILE_F16("linear_tile", "pppppppppppiiiii"),
    LINEAR_MMA_BF16("linear_mma", "pppppppppppiiiii"),
    LINEAR_MMA_F16("linear_mma", "pppppppppppiiiii"),
    LINEAR_ROUND_BF16("linear_cublas", "ppiii"),
    LINEAR_ROUND_F16("linear_cublas", "ppiii"),
    LINEAR_FINISH("linear_cublas", "ppppiii"),
    ACTIVATE("activate", "ppii"),
    APPEND("append", "ppppii"),
    ATTENTION_EXACT("attention_exact", "ppppppppiiiif"),
    ATTENTION_DECODE("attention_decode", "pppppppiiiif"),
    ATTENTION_COMBINE("attention_decode", "pppiiii"),
    ATTENTION_PREFILL_F32("attention_prefill", "ppppppiiiif"),
    ATTENTION_PREFILL_BF16("attention_prefill", "ppppppiiiif"),
    ATTENTION_PREFILL_F16("attention_prefill", "ppppppiiiif"),
    HEAD_RESULTS_F32("head_results", "pppiiiii"),
    HEAD_RESULTS_BF16("head_results", "pppiiiii"),
    HEAD_RESULTS_F16("head_results", "pppiiiii"),
    SELECT_ROWS("select_rows", "pppi"),
    SAMPLE("sample", "pppppppi");

    private final String file;
    private final String parameters;

    /**
     * A kernel.
     *
     * @param parameters one letter each, in order: p a pointer (8 bytes), i an int32, f a float32
     */
    Kernel(String file, String parameters) {
        this.file = file;
        this.parameters = parameters;
    }

    /** The kernel of a family for weights of a type: {@code LINEAR_TILE} and bfloat16 make {@link #LINEAR_TILE_BF16}. */
    static Kernel of(String family, DType type) {
        return valueOf(family + "_" + type.safetensorsName());
    }

    /** The name of the source file, without {@code .cu}. */
    String file() {
        return file;
    }

    /** The name in the PTX. */
    String entry() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** One letter for each parameter: p, i or f. */
    String parameters() {
        return parameters;
    }

    /**
     * Refuses arguments of other kinds than the kernel has.
     *
     * @throws IllegalArgumentException naming the kernel and both lists
     */
    void requireArguments(Object... arguments) {
        var kinds = new StringBuilder();
        for (Object argument : arguments) {
            kinds.append(
                    switch (argument) {
                        case Long address -> 'p';
                        case Integer number -> 'i';
                        case Float number -> 'f';
                        default -> '?';
                    });
        }
        if (!parameters.contentEquals(kinds)) {
            throw new IllegalArgumentException(
                    "arguments of kernel " + entry() + ": expected " + parameters + ", got " + kinds);
        }
    }
}
