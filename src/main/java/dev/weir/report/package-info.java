/**
 * What a model does with a prompt as one self-contained HTML page, to be opened from disk. Imports {@code lens}, {@code patching} and
 * the floors below; the plots are Apache ECharts'.
 */
@NullMarked
package dev.weir.report;

import org.jspecify.annotations.NullMarked;
