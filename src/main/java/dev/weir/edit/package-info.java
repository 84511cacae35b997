/**
 * The language of edits: sentences of text or JSON that say what is written to the stream, read against a model's shapes. May import
 * {@code tensor}, {@code hook}, {@code safetensors}, {@code gguf} and {@code dump}.
 */
@NullMarked
package dev.weir.edit;

import org.jspecify.annotations.NullMarked;
