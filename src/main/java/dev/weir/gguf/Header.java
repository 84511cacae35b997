package dev.weir.gguf;

import java.util.List;
import java.util.SequencedMap;

/**
 * What a file holds.
 *
 * @param metadata in the file's order
 * @param tensors in the file's order
 */
record Header(SequencedMap<String, GgufValue> metadata, List<GgufTensor> tensors) {}
