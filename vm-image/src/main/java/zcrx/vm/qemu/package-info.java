// SPDX-License-Identifier: MIT
/** QEMU: finding out what works, booting, listening, ending. */
@NullMarked
package zcrx.vm.qemu;

import org.jspecify.annotations.NullMarked;
