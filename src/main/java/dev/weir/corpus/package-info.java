/**
 * Activations of thousands of prompts: made in shards that survive a kill, read back row by row, and handed on in the formats that
 * others read. May import {@code tensor}, {@code tokenizer}, {@code hook}, {@code safetensors}, {@code model}, {@code dump} and {@code engine}.
 */
@NullMarked
package dev.weir.corpus;

import org.jspecify.annotations.NullMarked;
