/**
 * oneDNN, a library of matrix products, called through java.lang.foreign: it reaches instructions that no Java code does (AMX). An
 * optional part of the CPU machine behind {@link dev.weir.backend.cpu.MatrixLibrary}. Imports {@code tensor}, {@code backend.natives},
 * {@code backend.cpu}.
 */
@NullMarked
package dev.weir.backend.cpu.onednn;

import org.jspecify.annotations.NullMarked;
