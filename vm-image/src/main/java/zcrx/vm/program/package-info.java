// SPDX-License-Identifier: MIT
/** C programs in a guest of their own: no JVM, no suite. */
@NullMarked
package zcrx.vm.program;

import org.jspecify.annotations.NullMarked;
