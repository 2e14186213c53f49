// SPDX-License-Identifier: MIT
/** Failures as C programs: taken from a run, compiled, and tried in a guest. */
@NullMarked
package zcrx.reports.repro;

import org.jspecify.annotations.NullMarked;
