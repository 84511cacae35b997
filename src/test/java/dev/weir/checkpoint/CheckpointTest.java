package dev.weir.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.WeightView;
import dev.weir.model.Weights;
import dev.weir.safetensors.Declaration;
import dev.weir.safetensors.SafetensorsException;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.LongBinaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {

    private static final int D = Gpt2Folder.D;

    @TempDir
    Path folder;

    private CheckpointException refuse() {
        var refused = assertThrows(
                CheckpointException.class, () -> Checkpoint.open(folder).close());
        assertTrue(refused.getMessage().startsWith(folder.toString()), refused.getMessage());
        return refused;
    }

    private CheckpointException refuseInOneLine(String... named) {
        CheckpointException refused = refuse();
        assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
        Arrays.stream(named).forEach(name -> assertTrue(refused.getMessage().contains(name), refused.getMessage()));
        return refused;
    }

    @ParameterizedTest
    @CsvSource({
        "'', true, 16, false",
        "'', false, 16, false",
        "'', true, 10, true",
        "transformer., true, 16, false",
        "transformer., false, 20, false",
        "transformer., false, 16, true",
    })
    void everyWeightIsWhereHuggingFacePutsIt(String prefix, boolean tied, int hidden, boolean shards)
            throws IOException {
        var written = new Gpt2Folder(folder, prefix, tied, hidden);
        if (shards) {
            written.writeShards();
        } else {
            written.write();
        }
        assertWeights(written, tied, hidden);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
    void everyModelTypeIsRead(DType dtype) throws IOException {
        var written = Gpt2Folder.plain(folder);
        written.dtypes = name -> dtype;
        written.write();
        assertWeights(written, true, 16);
        try (var checkpoint = Checkpoint.open(folder)) {
            assertEquals(dtype, checkpoint.type());
        }
    }

    @Test
    void typesMayBeMixed() throws IOException {
        var written = Gpt2Folder.plain(folder);
        written.dtypes =
                name -> name.contains("ln_") ? DType.FLOAT32 : name.contains("mlp") ? DType.FLOAT16 : DType.BFLOAT16;
        written.write();
        assertWeights(written, true, 16);
        try (var checkpoint = Checkpoint.open(folder)) {
            assertEquals(DType.FLOAT32, checkpoint.type());
        }
    }

    @Test
    void theTypeIsThatOfTheMatrices() throws IOException {
        var written = Gpt2Folder.plain(folder);
        written.dtypes =
                name -> written.shapes.getOrDefault(name, List.of()).size() == 1 ? DType.FLOAT32 : DType.FLOAT16;
        written.write();
        try (var checkpoint = Checkpoint.open(folder)) {
            assertEquals(DType.FLOAT16, checkpoint.type());
        }
    }

    private void assertWeights(Gpt2Folder written, boolean tied, int hidden) throws IOException {
        try (var checkpoint = Checkpoint.open(folder)) {
            assertEquals(hidden, checkpoint.config().hidden());
            assertEquals(tied, checkpoint.tiedHead());
            var weights = Weights.of(checkpoint.config(), DType.BFLOAT16);
            var views = checkpoint.views(weights);
            assertEquals(weights.all().size(), views.size());
            String h = written.prefix + "h.1.";
            var block = weights.blocks().get(1);
            assertElements(views, weights.tokens(), written.prefix + "wte.weight", (r, c) -> r * D + c);
            assertElements(views, weights.positions(), written.prefix + "wpe.weight", (r, c) -> r * D + c);
            assertElements(views, block.norm1().weight(), h + "ln_1.weight", (r, c) -> c);
            assertElements(views, block.norm1().bias(), h + "ln_1.bias", (r, c) -> c);
            assertElements(views, block.query().weight(), h + "attn.c_attn.weight", (r, c) -> r * 3 * D + c);
            assertElements(views, block.key().weight(), h + "attn.c_attn.weight", (r, c) -> r * 3 * D + D + c);
            assertElements(views, block.value().weight(), h + "attn.c_attn.weight", (r, c) -> r * 3 * D + 2 * D + c);
            assertElements(views, block.query().bias(), h + "attn.c_attn.bias", (r, c) -> c);
            assertElements(views, block.key().bias(), h + "attn.c_attn.bias", (r, c) -> D + c);
            assertElements(views, block.value().bias(), h + "attn.c_attn.bias", (r, c) -> 2 * D + c);
            assertElements(views, block.attentionOut().weight(), h + "attn.c_proj.weight", (r, c) -> r * D + c);
            assertElements(views, block.attentionOut().bias(), h + "attn.c_proj.bias", (r, c) -> c);
            assertElements(views, block.norm2().weight(), h + "ln_2.weight", (r, c) -> c);
            assertElements(views, block.norm2().bias(), h + "ln_2.bias", (r, c) -> c);
            assertElements(views, block.mlpIn().weight(), h + "mlp.c_fc.weight", (r, c) -> r * hidden + c);
            assertElements(views, block.mlpIn().bias(), h + "mlp.c_fc.bias", (r, c) -> c);
            assertElements(views, block.mlpOut().weight(), h + "mlp.c_proj.weight", (r, c) -> r * D + c);
            assertElements(views, block.mlpOut().bias(), h + "mlp.c_proj.bias", (r, c) -> c);
            assertElements(views, weights.finalNorm().weight(), written.prefix + "ln_f.weight", (r, c) -> c);
            assertElements(views, weights.finalNorm().bias(), written.prefix + "ln_f.bias", (r, c) -> c);
            String head = tied ? written.prefix + "wte.weight" : "lm_head.weight";
            assertElements(views, weights.unembedding(), head, (r, c) -> c * D + r);
        }
    }

    private static void assertElements(
            Map<Tensor, WeightView> views, Tensor weight, String file, LongBinaryOperator element) {
        WeightView view = views.get(weight);
        assertNotNull(view, weight.toString());
        for (int r = 0; r < weight.rows(); r++) {
            for (int c = 0; c < weight.columns(); c++) {
                float expected = Gpt2Folder.value(file, element.applyAsLong(r, c));
                assertEquals(expected, view.at(r, c), weight + " at " + r + "," + c);
            }
        }
    }

    @Test
    void aModelOf500MegabytesIsNotCopied() throws IOException {
        var config = SyntheticWeights.shape("gpt2");
        var tensors = Gpt2Layout.of(config, Weights.of(config, DType.FLOAT32), true, "").stream()
                .map(t -> new Declaration(t.name(), DType.FLOAT32, t.shape()))
                .toList();
        try (var sparse = SafetensorsWriter.create(folder.resolve("model.safetensors"), Map.of(), tensors)) {
            sparse.commit();
        }
        Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"gpt2\"}");
        assertTrue(Files.size(folder.resolve("model.safetensors")) > 497_000_000);
        try (var checkpoint = Checkpoint.open(folder)) {
            assertEquals(config, checkpoint.config());
            long begin = checkpoint.tensors().stream()
                    .mapToLong(t -> t.data().address())
                    .min()
                    .orElseThrow();
            for (var view : checkpoint.views(Weights.of(config, DType.FLOAT32)).entrySet()) {
                var data = view.getValue().data();
                assertTrue(data.isMapped() && data.isReadOnly(), view.getKey().name());
                long end = data.address() + data.byteSize() - begin;
                assertTrue(
                        data.address() >= begin && end <= 4 * config.parameters(true),
                        view.getKey().name());
            }
        }
    }

    @Test
    void masksInTheFileAreIgnored() throws IOException {
        var written = Gpt2Folder.plain(folder);
        for (int l = 0; l < Gpt2Folder.LAYERS; l++) {
            written.shapes.put("h." + l + ".attn.bias", List.of(1L, 1L, 6L, 6L));
            written.shapes.put("h." + l + ".attn.masked_bias", List.of());
        }
        written.dtypes = name -> name.endsWith(".attn.bias") ? DType.BOOL : DType.FLOAT32;
        written.write();
        assertWeights(written, true, 16);
    }

    @Test
    void aTiedHeadMayBeInTheFileIfItIsTheEmbedding() throws IOException {
        Gpt2Folder.plain(folder).write();
        try (var file = SafetensorsFile.open(folder.resolve("model.safetensors"))) {
            var embedding = file.entry("wte.weight");
            var tensors = new ArrayList<>(file.entries());
            tensors.add(new SafetensorsFile.Entry(
                    "lm_head.weight", embedding.dtype(), embedding.shape(), embedding.data()));
            SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);
        }
        Checkpoint.open(folder).close();
    }

    @Test
    void aHeadThatTheConfigTiesButTheFileDoesNotIsRefused() throws IOException {
        var written = new Gpt2Folder(folder, "", false, 16);
        written.config.put("tie_word_embeddings", "true");
        written.write();
        assertTrue(refuse().getMessage().contains("lm_head.weight: expected no such tensor"));
    }

    @Test
    void everyTensorAtFaultIsListedInOneError() throws IOException {
        var written = Gpt2Folder.plain(folder);
        written.shapes.remove("h.1.mlp.c_fc.bias");
        written.shapes.put("h.0.attn.c_attn.weight", List.of(12L, 4L));
        written.shapes.put("h.2.ln_1.weight", List.of(4L));
        written.shapes.put("wpe.weight", List.of(7L, 4L));
        written.dtypes = name -> name.equals("ln_f.bias") ? DType.FLOAT64 : DType.FLOAT32;
        written.write();
        assertEquals(
                List.of(
                        folder + ": 5 tensors are not those of config.json:",
                        "  wpe.weight: expected [6, 4], got [7, 4]",
                        "  h.0.attn.c_attn.weight: expected [4, 12], got [12, 4]",
                        "  h.1.mlp.c_fc.bias: expected [16], got no such tensor",
                        "  ln_f.bias: expected float32, float16 or bfloat16, got float64",
                        "  h.2.ln_1.weight: expected no such tensor, got [4]"),
                refuse().getMessage().lines().toList());
    }

    @Test
    void aListOfFaultsEnds() throws IOException {
        var written = Gpt2Folder.plain(folder);
        written.config.put("n_layer", "4000");
        written.write();
        assertTrue(refuse().getMessage().endsWith("more"));
        assertTrue(refuse().getMessage().lines().count() < 300);
    }

    @Test
    void whatIsMissingIsNamed() throws IOException {
        refuseInOneLine("a config.json, got none");
        Gpt2Folder.plain(folder).writeConfig();
        refuseInOneLine("model.safetensors or model.safetensors.index.json, got neither");
    }

    @Test
    void aDamagedWeightFileIsNamed() throws IOException {
        Gpt2Folder.plain(folder).write();
        Path file = folder.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
        var refused = assertThrows(
                SafetensorsException.class, () -> Checkpoint.open(folder).close());
        assertEquals(file, refused.file());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"wte.weight\": \"../model.safetensors\"",
                "\"wte.weight\": \"/etc/hostname\"",
                "\"wte.weight\": \"..\"",
                "\"wte.weight\": \"\"",
                "\"wte.weight\": \"none.safetensors\"",
                "\"wte.weight\": 1",
                "\"wte.weight\": null",
                "\"wte.weight\": \"a\\u0000b\"",
                "\"no such tensor\": \"model-00001-of-00002.safetensors\"",
                "\"wpe.weight\": \"model-00001-of-00002.safetensors\""
            })
    void anIndexThatDoesNotFitItsFilesIsRefused(String weightMap) throws IOException {
        var written = Gpt2Folder.plain(folder).writeShards();
        written.writeIndex(weightMap);
        refuseInOneLine("model.safetensors.index.json: weight_map");
    }

    @Test
    void aShardThatTheIndexForgetsIsMissed() throws IOException {
        var written = Gpt2Folder.plain(folder).writeShards();
        written.writeIndex("\"wte.weight\": \"model-00001-of-00002.safetensors\"");
        assertTrue(refuse().getMessage().contains("wpe.weight: expected [6, 4], got no such tensor"));
    }

    @Test
    void aTensorInTwoShardsIsRefused() throws IOException {
        var written = Gpt2Folder.plain(folder).writeShards();
        Files.copy(folder.resolve(Gpt2Folder.shard(0)), folder.resolve("copy.safetensors"));
        written.writeIndex(
                "\"wte.weight\": \"model-00001-of-00002.safetensors\", \"wpe.weight\": \"copy.safetensors\"");
        refuseInOneLine("wte.weight: expected a tensor that no other file has");
    }

    @Test
    void theDigestIsThatOfSha256sum() throws IOException {
        Gpt2Folder.plain(folder).write();
        try (var checkpoint = Checkpoint.open(folder)) {
            assertEquals(sha256(Files.readAllBytes(folder.resolve("model.safetensors"))), checkpoint.sha256());
        }
        Files.delete(folder.resolve("model.safetensors"));
        Gpt2Folder.plain(folder).writeShards();
        var lines = new StringBuilder();
        for (int shard = 0; shard < 2; shard++) {
            String name = Gpt2Folder.shard(shard);
            lines.append(sha256(Files.readAllBytes(folder.resolve(name)))).append("  " + name + "\n");
        }
        try (var checkpoint = Checkpoint.open(folder)) {
            assertEquals(sha256(lines.toString().getBytes(StandardCharsets.UTF_8)), checkpoint.sha256());
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void theNameIsTheFoldersName() throws IOException {
        Path named = Files.createDirectory(folder.resolve("tiny"));
        Gpt2Folder.plain(named).write();
        try (var checkpoint = Checkpoint.open(folder.resolve("tiny").resolve("."))) {
            assertEquals("tiny", checkpoint.name());
        }
    }

    @Test
    void weightsOfAnotherConfigAreRefused() throws IOException {
        Gpt2Folder.plain(folder).write();
        try (var checkpoint = Checkpoint.open(folder)) {
            var other = Weights.of(SyntheticWeights.shape("gpt2"), DType.FLOAT32);
            assertThrows(IllegalArgumentException.class, () -> checkpoint.views(other));
            var fewer = Weights.of(Gpt2ConfigFile.of(JsonFile.read(oneLayer())).model(), DType.FLOAT32);
            assertThrows(IllegalArgumentException.class, () -> checkpoint.views(fewer));
        }
    }

    private Path oneLayer() throws IOException {
        String config = Files.readString(folder.resolve("config.json"));
        return Files.writeString(folder.resolve("one.json"), config.replace("\"n_layer\": 2", "\"n_layer\": 1"));
    }

    @Test
    void weightsCannotBeReadAfterClose() throws IOException {
        Gpt2Folder.plain(folder).write();
        var checkpoint = Checkpoint.open(folder);
        var weights = Weights.of(checkpoint.config(), DType.FLOAT32);
        var views = checkpoint.views(weights);
        checkpoint.close();
        var view = views.get(weights.tokens());
        assertNotNull(view);
        assertFalse(view.data().scope().isAlive());
        assertThrows(IllegalStateException.class, () -> view.at(0, 0));
    }
}
