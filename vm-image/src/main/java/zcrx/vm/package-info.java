// SPDX-License-Identifier: MIT
/** Where the suite runs: kernel sources, the guest image, QEMU. */
@NullMarked
package zcrx.vm;

import org.jspecify.annotations.NullMarked;
