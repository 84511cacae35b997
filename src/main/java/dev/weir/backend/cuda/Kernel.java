package dev.weir.backend.cuda;

import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Every kernel of {@code kernels/}. An entry is named as its constant, in lower case; tests hold files, entries, parameters and blocks
 * against the sources and the PTX that ships.
 */
enum Kernel {
    EMBED_F32("embed", Parameters.EMBED, 256),
    EMBED_BF16("embed", Parameters.EMBED, 256),
    EMBED_F16("embed", Parameters.EMBED, 256),
    ADD("add", "Pppi", 256),
    LAYER_NORM("layer_norm", "PPPpppif", 256),
    ADD_LAYER_NORM("add_layer_norm", "PPPPppppif", 256),
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
    LINEAR_FINISH("linear_cublas", "PPppiii", 256),
    ACTIVATE("activate", "Ppii", 256),
    APPEND("append", "Pppppiii", 256),
    ATTENTION_EXACT("attention_exact", "PPPppppppiiiiif", 256),
    ATTENTION_DECODE("attention_decode", "PPppppppiiiiif", 256),
    ATTENTION_COMBINE("attention_decode", "Pppiiii", 256),
    ATTENTION_PREFILL_F32("attention_prefill", Parameters.PREFILL, 128),
    ATTENTION_PREFILL_BF16("attention_prefill", Parameters.PREFILL, 128),
    ATTENTION_PREFILL_F16("attention_prefill", Parameters.PREFILL, 128),
    ATTENTION_SCORES("attention_scores", "Ppppppiiiiif", 256),
    ATTENTION_PATTERN("attention_pattern", "Pppii", 256),
    ATTENTION_MIX("attention_mix", "Ppppppiiiii", 256),
    HEAD_RESULTS_F32("head_results", Parameters.HEADS, 128),
    HEAD_RESULTS_BF16("head_results", Parameters.HEADS, 128),
    HEAD_RESULTS_F16("head_results", Parameters.HEADS, 128),
    SELECT_ROWS("select_rows", "Pppi", 256),
    ADD_VECTOR("add_vector", Parameters.EDIT, 256),
    SCALE("scale", "Pppppii", 256),
    REPLACE_ROWS("replace_rows", Parameters.EDIT, 256),
    PROJECT_OUT("project_out", Parameters.EDIT, 256),
    SAMPLE("sample", "PPppppppi", 256),
    STEP_F32("step_f32", Parameters.STEP, 256),
    STEP_BF16("step_bf16", Parameters.STEP, 256),
    STEP_F16("step_f16", Parameters.STEP, 256);

    /** The parameters that several kernels have. */
    private static final class Parameters {
        static final String EMBED = "Pppii";
        static final String LINEAR = "PPPPpppppppiiiii";
        static final String GEMV = "PPPPPPPPPPppppppppppppppiiiiiiiiif";
        static final String ROUND = "Ppiii";
        static final String PREFILL = "Pppppppiiiiif";
        static final String HEADS = "Pppiiiii";
        static final String STEP = "ppi";
        static final String EDIT = "Ppppppiii";
    }

    private final String file;
    private final String parameters;
    private final int outputs;
    private final int block;

    /**
     * A kernel.
     *
     * @param parameters one letter each, in order: P a pointer (8 bytes) to what it writes, p another, i an int32, f a float32
     * @param block threads of a block
     */
    Kernel(String file, String parameters, int block) {
        this.file = file;
        this.parameters = parameters.toLowerCase(Locale.ROOT);
        this.outputs = (int) parameters.chars().filter(letter -> letter == 'P').count();
        this.block = block;
    }

    /** The kernel of a family for weights of a type: {@code LINEAR_TILE} and bfloat16 make {@link #LINEAR_TILE_BF16}. */
    static Kernel of(String family, DType type) {
        return valueOf(family + suffix(type));
    }

    /** What the kernels that differ only in the type of weights have in common of their names. */
    String family() {
        return weightType()
                .map(type -> name().substring(0, name().length() - suffix(type).length()))
                .orElse(name());
    }

    /** Empty where it reads no weights, or does not care of which type they are. */
    Optional<DType> weightType() {
        return Arrays.stream(DType.values())
                .filter(type -> name().endsWith(suffix(type)))
                .findFirst();
    }

    private static String suffix(DType type) {
        return "_" + type.safetensorsName();
    }

    /** How many of its parameters, from the first on, point to what it writes. */
    int outputs() {
        return outputs;
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
