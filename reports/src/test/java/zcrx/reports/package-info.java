// SPDX-License-Identifier: MIT
@NullMarked
package zcrx.reports;

import org.jspecify.annotations.NullMarked;
