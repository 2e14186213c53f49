// SPDX-License-Identifier: MIT
@NullMarked
package zcrx.reports.cli;

import org.jspecify.annotations.NullMarked;
