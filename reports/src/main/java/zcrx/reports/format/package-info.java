// SPDX-License-Identifier: MIT
/** A {@link zcrx.reports.run.Run} in the formats that people and programs read. */
@NullMarked
package zcrx.reports.format;

import org.jspecify.annotations.NullMarked;
