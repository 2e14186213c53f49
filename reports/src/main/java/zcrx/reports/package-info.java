// SPDX-License-Identifier: MIT
/** What is said about a run. */
@NullMarked
package zcrx.reports;

import org.jspecify.annotations.NullMarked;
