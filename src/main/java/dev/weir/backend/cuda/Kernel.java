package dev.weir.backend.cuda;

import dev.weir.tensor.DType;
import java.util.List;
import java.util.Locale;

/**
 * Every kernel of {@code kernels/}. An entry is named as its constant, in lower case; tests hold files, entries, parameters and blocks
 * against the sources and the PTX that ships.
 */
enum Kernel {
    EMBED_F32("embed", Parameters.EMBED, 256),
    EMBED_BF16("embed", Parameters.EMBED, 256),
    EMBED_F16("embed", Parameters.EMBED, 256),
    ADD("add", "pppi", 256),
    LAYER_NORM("layer_norm", "ppppppif", 256),
    ADD_LAYER_NORM("add_layer_norm", "ppppppppif", 256),
    LINEAR_GEMV_F32("linear_gemv", Parameters.GEMV, 256),
    LINEAR_GEMV_BF16("linear_gemv", Parameters.GEMV, 256),
    LINEAR_GEMV_F16("linear_gemv", Parameters.GEMV, 256),
    LINEAR_CHAIN_F32("linear_chain", Parameters.LINEAR, 256),
    LINEAR_CHAIN_BF16("linear_chain", Parameters.LINEAR, 256),
    LINEAR_CHAIN_F16("linear_chain", Parameters.LINEAR, 256),
    LINEAR_TILE_F32("linear_tile", Parameters.LINEAR, 256),
    LINEAR_TILE_BF16("linear_tile", Parameters.LINEAR, 256),
    LINEAR_TILE_F16("linear_tile", Parameters.LINEAR, 256),
    LINEAR_TILE_SMALL_F32("linear_tile", Parameters.LINEAR, 128),
    LINEAR_TILE_SMALL_BF16("linear_tile", Parameters.LINEAR, 128),
    LINEAR_TILE_SMALL_F16("linear_tile", Parameters.LINEAR, 128),
    LINEAR_MMA_BF16("linear_mma", Parameters.LINEAR, 256),
    LINEAR_MMA_F16("linear_mma", Parameters.LINEAR, 256),
    LINEAR_MMA_SMALL_BF16("linear_mma", Parameters.LINEAR, 128),
    LINEAR_MMA_SMALL_F16("linear_mma", Parameters.LINEAR, 128),
    LINEAR_ROUND_BF16("linear_cublas", Parameters.ROUND, 256),
    LINEAR_ROUND_F16("linear_cublas", Parameters.ROUND, 256),
    LINEAR_FINISH("linear_cublas", "ppppiii", 256),
    ACTIVATE("activate", "ppii", 256),
    APPEND("append", "ppppii", 256),
    ATTENTION_EXACT("attention_exact", "ppppppppiiiif", 256),
    ATTENTION_DECODE("attention_decode", "pppppppiiiif", 256),
    ATTENTION_COMBINE("attention_decode", "pppiiii", 256),
    ATTENTION_PREFILL_F32("attention_prefill", Parameters.PREFILL, 128),
    ATTENTION_PREFILL_BF16("attention_prefill", Parameters.PREFILL, 128),
    ATTENTION_PREFILL_F16("attention_prefill", Parameters.PREFILL, 128),
    ATTENTION_SCORES("attention_scores", "pppppiiiif", 256),
    ATTENTION_PATTERN("attention_pattern", "pppii", 256),
    ATTENTION_MIX("attention_mix", "pppppiiii", 256),
    HEAD_RESULTS_F32("head_results", Parameters.HEADS, 128),
    HEAD_RESULTS_BF16("head_results", Parameters.HEADS, 128),
    HEAD_RESULTS_F16("head_results", Parameters.HEADS, 128),
    SELECT_ROWS("select_rows", "pppi", 256),
    ADD_VECTOR("add_vector", Parameters.EDIT, 256),
    SCALE("scale", "pppppii", 256),
    REPLACE_ROWS("replace_rows", Parameters.EDIT, 256),
    PROJECT_OUT("project_out", Parameters.EDIT, 256),
    SAMPLE("sample", "pppppppi", 256);

    /** The parameters that several kernels have. */
    private static final class Parameters {
        static final String EMBED = "pppii";
        static final String LINEAR = "pppppppppppiiiii";
        static final String GEMV = "pppppppppppppppppppppppiiiiiiiif";
        static final String ROUND = "ppiii";
        static final String PREFILL = "ppppppiiiif";
        static final String HEADS = "pppiiiii";
        static final String EDIT = "ppppppiii";
    }

    private final String file;
    private final String parameters;
    private final int block;

    /**
     * A kernel.
     *
     * @param parameters one letter each, in order: p a pointer (8 bytes), i an int32, f a float32
     * @param block threads of a block
     */
    Kernel(String file, String parameters, int block) {
        this.file = file;
        this.parameters = parameters;
        this.block = block;
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

    /** Threads of a block. */
    int block() {
        return block;
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
    void requireArguments(List<Object> arguments) {
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
