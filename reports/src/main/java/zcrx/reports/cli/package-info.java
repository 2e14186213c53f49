// SPDX-License-Identifier: MIT
/** The commands. */
@NullMarked
package zcrx.reports.cli;

import org.jspecify.annotations.NullMarked;
