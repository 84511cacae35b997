/** A model behind HTTP, as OpenAI's clients speak it, with the residual stream beside the text for whoever asks. */
@NullMarked
package dev.weir.server;

import org.jspecify.annotations.NullMarked;
