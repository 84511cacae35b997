package dev.weir.checkpoint;

import dev.weir.backend.WeightView;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.Map;

/** A model and its bytes: a {@link Checkpoint} on disk, or {@link SyntheticWeights}. Closing it ends the life of every view. */
public interface ModelSource extends AutoCloseable {

    /** What people call the model. */
    String name();

    /** The numbers that define the model. */
    ModelConfig config();

    /** How the matrices are stored: the widest type of any of them. */
    DType type();

    /** Where the elements of each weight are; nothing is copied. */
    Map<Tensor, WeightView> views(Weights weights);

    /** The hex digest of the weight files, or of what stands for them. */
    String sha256();

    /** How the model's makers want it sampled. */
    GenerationConfig generationConfig();

    @Override
    void close();
}
