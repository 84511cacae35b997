/** Native libraries that come in jars or with the machine: unpacked once, for their user alone, and opened. Imports nothing of ours. */
@NullMarked
package dev.weir.backend.natives;

import org.jspecify.annotations.NullMarked;
