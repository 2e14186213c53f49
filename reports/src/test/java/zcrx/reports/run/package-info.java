// SPDX-License-Identifier: MIT
@NullMarked
package zcrx.reports.run;

import org.jspecify.annotations.NullMarked;
