// SPDX-License-Identifier: MIT
@NullMarked
package zcrx.reports.terminal;

import org.jspecify.annotations.NullMarked;
