// SPDX-License-Identifier: MIT
/** What a person sees while a run goes on and when it is over. */
@NullMarked
package zcrx.reports.terminal;

import org.jspecify.annotations.NullMarked;
