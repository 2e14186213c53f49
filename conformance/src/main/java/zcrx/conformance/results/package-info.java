// SPDX-License-Identifier: MIT
/**
 * What a run of the suite says: one JSON object per line, written as things happen, so that a guest that dies loses
 * nothing that it had finished. This package is the only place that knows the format; recorded lines ({@code
 * events.jsonl} in a run's directory) are as good as live ones.
 */
@NullMarked
package zcrx.conformance.results;

import org.jspecify.annotations.NullMarked;
