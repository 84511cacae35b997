package dev.weir.patching;

import dev.weir.backend.RandomModel;
import dev.weir.backend.WeightView;
import dev.weir.checkpoint.GenerationConfig;
import dev.weir.checkpoint.ModelSource;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.Map;

/** A model whose random weights are large enough for its parts to matter. */
record RandomSource(RandomModel model) implements ModelSource {

    @Override
    public String name() {
        return "random";
    }

    @Override
    public ModelConfig config() {
        return model.config;
    }

    @Override
    public DType type() {
        return DType.FLOAT32;
    }

    @Override
    public Map<Tensor, WeightView> views(Weights weights) {
        return model.views;
    }

    @Override
    public String sha256() {
        return "0".repeat(64);
    }

    @Override
    public GenerationConfig generationConfig() {
        return GenerationConfig.DEFAULT;
    }

    @Override
    public void close() {}
}
