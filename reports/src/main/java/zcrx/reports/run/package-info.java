// SPDX-License-Identifier: MIT
/**
 * What is known about a run, and how it becomes known: {@link zcrx.reports.run.RunRecorder} hears the result stream,
 * the kernel log and the end, and makes a {@link zcrx.reports.run.Run} of them. It does not matter whether they are
 * live or recorded.
 */
@NullMarked
package zcrx.reports.run;

import org.jspecify.annotations.NullMarked;
