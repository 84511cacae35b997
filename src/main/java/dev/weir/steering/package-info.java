/**
 * Directions of the stream: steering vectors from contrasting prompts, and linear probes trained on dumps. May import {@code tensor},
 * {@code hook}, {@code safetensors}, {@code gguf}, {@code dump} and {@code engine}.
 */
@NullMarked
package dev.weir.steering;

import org.jspecify.annotations.NullMarked;
