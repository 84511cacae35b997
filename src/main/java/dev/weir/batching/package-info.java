/**
 * Many callers on one model: requests join and leave the steps of one session, so that each weight that is read serves all of them
 * (continuous batching: Yu et al., "Orca", OSDI 2022).
 */
@NullMarked
package dev.weir.batching;

import org.jspecify.annotations.NullMarked;
