/**
 * The command line: arguments to calls, one class a command. The only package that prints and, besides {@code checkpoint}, the only
 * user of Jackson; the only user of picocli. Imports every floor below.
 */
@NullMarked
package dev.weir.cli;

import org.jspecify.annotations.NullMarked;
