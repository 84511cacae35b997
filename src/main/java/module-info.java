import org.jspecify.annotations.NullMarked;

/**
 * A transformer inference engine whose residual stream is open. {@link dev.weir.engine.Weir} is where to begin.
 *
 * <p>What is required statically may be absent when it runs: without the Vector API the CPU computes with plainer kernels, without
 * JCuda there is no GPU, and the rest belongs to parts that a caller may not use.
 */
@NullMarked
module dev.weir {
    requires ai.djl.tokenizers;
    requires transitive com.fasterxml.jackson.databind;
    requires commons.math3;
    requires static transitive org.jspecify;
    requires static jdk.incubator.vector;
    requires static jdk.management; // bench
    requires static jcuda;
    requires static jcublas;
    requires static org.apache.arrow.format;
    requires static flatbuffers.java;
    requires static langchain4j.core; // not transitive: then every caller would have to have it
    requires static io.helidon.common.buffers;
    requires static io.helidon.common.concurrency.limits;
    requires static io.helidon.common.socket;
    requires static io.helidon.http;
    requires static io.helidon.webserver;
    requires static jinjava;
    requires static micrometer.core;
    requires static micrometer.registry.prometheus;
    requires static info.picocli;
    requires static java.logging; // the command line quiets libraries
    requires static me.tongfei.progressbar;

    exports dev.weir.backend;
    exports dev.weir.batching;
    exports dev.weir.checkpoint;
    exports dev.weir.corpus;
    exports dev.weir.dump;
    exports dev.weir.edit;
    exports dev.weir.engine;
    exports dev.weir.gguf;
    exports dev.weir.hook;
    exports dev.weir.langchain4j;
    exports dev.weir.lens;
    exports dev.weir.model;
    exports dev.weir.patching;
    exports dev.weir.program;
    exports dev.weir.report;
    exports dev.weir.sae;
    exports dev.weir.safetensors;
    exports dev.weir.server;
    exports dev.weir.steering;
    exports dev.weir.tensor;
    exports dev.weir.tokenizer;

    uses dev.weir.langchain4j.WeirChatModel.BuilderFactory;
    uses dev.weir.langchain4j.WeirStreamingChatModel.BuilderFactory;
    uses dev.weir.langchain4j.WeirLanguageModel.BuilderFactory;
    uses dev.weir.langchain4j.WeirStreamingLanguageModel.BuilderFactory;

    opens dev.weir.cli to
            info.picocli;
}
