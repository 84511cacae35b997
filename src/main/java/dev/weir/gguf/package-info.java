/**
 * GGUF, the file format of llama.cpp: metadata and tensors in one file, and control vectors in it. May import {@code tensor}.
 */
@NullMarked
package dev.weir.gguf;

import org.jspecify.annotations.NullMarked;
