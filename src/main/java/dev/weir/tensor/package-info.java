/** What a value is: its element type, name and shape, never where it lives. Imports nothing of Weir. */
@NullMarked
package dev.weir.tensor;

import org.jspecify.annotations.NullMarked;
