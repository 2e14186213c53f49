// SPDX-License-Identifier: MIT
/** What it means that a kernel with a fault was tested: whether the suite caught it, and named the right rule. */
@NullMarked
package zcrx.reports.prove;

import org.jspecify.annotations.NullMarked;
