package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.checkpoint.Checkpoint;
import dev.weir.model.ModelConfig;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What is in a file or a folder, for a person or a program to read.
 *
 * @param model its numbers, where it is a model
 * @param fault why it is no model that runs, where it looks like one
 * @param metadata of the files
 */
record Inventory(
        Path path, Optional<Model> model, Optional<String> fault, Map<String, String> metadata, List<Item> items) {

    private static final int LONGEST_VALUE = 72;

    /** A model. */
    record Model(String name, ModelConfig config, boolean tiedHead, DType dtype) {
        long parameters() {
            return config.parameters(tiedHead);
        }
    }

    /** A tensor. */
    record Item(String name, DType dtype, List<Long> shape, long elements) {
        static Item of(SafetensorsFile.Entry entry) {
            return new Item(entry.name(), entry.dtype(), entry.shape(), entry.elements());
        }

        long bytes() {
            return elements * dtype.bytes();
        }
    }

    static Inventory ofModel(Path path, Checkpoint checkpoint) {
        var model = new Model(checkpoint.name(), checkpoint.config(), checkpoint.tiedHead(), checkpoint.type());
        List<Item> items = checkpoint.tensors().stream().map(Item::of).toList();
        return new Inventory(path, Optional.of(model), Optional.empty(), Map.of(), items);
    }

    static Inventory ofFiles(Path path, List<Path> files, Optional<String> fault) throws IOException {
        var metadata = new LinkedHashMap<String, String>();
        var items = new ArrayList<Item>();
        for (Path file : files) {
            try (SafetensorsFile opened = SafetensorsFile.open(file)) {
                metadata.putAll(opened.metadata());
                opened.entries().forEach(entry -> items.add(Item.of(entry)));
            }
        }
        return new Inventory(path, Optional.empty(), fault, metadata, items);
    }

    private long elements() {
        return items.stream().mapToLong(Item::elements).sum();
    }

    private long bytes() {
        return items.stream().mapToLong(Item::bytes).sum();
    }

    void print(PrintWriter out, Style style) {
        out.println(style.bold(model.map(Model::name).orElseGet(path::toString)));
        model.ifPresent(m -> printModel(out, m));
        fault.ifPresent(text -> out.println("no model that Weir runs: " + text));
        metadata.forEach(
                (key, value) -> out.println(style.dim(key + ": ") + Lines.clip(Lines.oneLine(value), LONGEST_VALUE)));
        out.println();
        Table table = new Table(style)
                .text("tensor", style::bold)
                .text("dtype")
                .text("shape", style::accent)
                .number("elements")
                .number("bytes");
        for (Item item : items) {
            table.row(
                    Lines.oneLine(item.name),
                    item.dtype.label(),
                    shape(item.shape),
                    Figures.count(item.elements),
                    Figures.count(item.bytes()));
        }
        table.print(out);
        out.println();
        out.println("%s, %s elements, %s"
                .formatted(Figures.counted(items.size(), "tensor"), Figures.count(elements()), Figures.bytes(bytes())));
    }

    private static void printModel(PrintWriter out, Model model) {
        ModelConfig config = model.config;
        out.println("GPT-2: %d layers, width %d, %d heads of %d, MLP %d, %s"
                .formatted(
                        config.layers(),
                        config.width(),
                        config.heads(),
                        config.headWidth(),
                        config.hidden(),
                        config.activation().label()));
        out.println("vocabulary %d, context %d, %s head, stored in %s"
                .formatted(
                        config.vocabulary(),
                        config.context(),
                        model.tiedHead ? "tied" : "untied",
                        model.dtype.label()));
        out.println(Figures.count(model.parameters()) + " parameters");
    }

    private static String shape(List<Long> shape) {
        return shape.stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
    }

    ObjectNode json() {
        ObjectNode report = Json.object().put("path", path.toString());
        model.ifPresentOrElse(m -> report.set("model", json(m)), () -> report.putNull("model"));
        fault.ifPresent(text -> report.put("fault", text));
        ObjectNode texts = report.putObject("metadata");
        metadata.forEach(texts::put);
        ArrayNode tensors = report.putArray("tensors");
        for (Item item : items) {
            ObjectNode tensor = tensors.addObject().put("name", item.name).put("dtype", item.dtype.label());
            tensor.set("shape", Json.numbers(item.shape));
            tensor.put("elements", item.elements).put("bytes", item.bytes());
        }
        return report.put("total_elements", elements()).put("total_bytes", bytes());
    }

    private static ObjectNode json(Model model) {
        ModelConfig config = model.config;
        return Json.object()
                .put("name", model.name)
                .put("layers", config.layers())
                .put("width", config.width())
                .put("heads", config.heads())
                .put("head_width", config.headWidth())
                .put("hidden", config.hidden())
                .put("vocabulary", config.vocabulary())
                .put("context", config.context())
                .put("activation", config.activation().label())
                .put("epsilon", config.epsilon())
                .put("scale_attention", config.scaleAttention())
                .put("scale_by_inverse_layer", config.scaleByInverseLayer())
                .put("tied_head", model.tiedHead)
                .put("dtype", model.dtype.label())
                .put("parameters", model.parameters());
    }
}
