// SPDX-License-Identifier: MIT
@NullMarked
package zcrx.reports.format;

import org.jspecify.annotations.NullMarked;
