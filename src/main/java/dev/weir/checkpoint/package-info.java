/**
 * A folder on disk, as Hugging Face lays it out, to a model and its bytes, and on to a GGUF file; and synthetic weights. The only user of Jackson besides
 * {@code cli}. Imports every floor below.
 */
@NullMarked
package dev.weir.checkpoint;

import org.jspecify.annotations.NullMarked;
