/**
 * Text to token ids and back, streaming without ever splitting a character. Imports nothing of Weir, and is the only user of the
 * tokenizer library.
 */
@NullMarked
package dev.weir.tokenizer;

import org.jspecify.annotations.NullMarked;
