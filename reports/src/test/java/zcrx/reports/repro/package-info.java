// SPDX-License-Identifier: MIT
@NullMarked
package zcrx.reports.repro;

import org.jspecify.annotations.NullMarked;
