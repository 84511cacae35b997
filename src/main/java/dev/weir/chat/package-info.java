/** How a model wants a conversation written down: its chat template. */
@NullMarked
package dev.weir.chat;

import org.jspecify.annotations.NullMarked;
