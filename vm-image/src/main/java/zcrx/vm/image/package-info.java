// SPDX-License-Identifier: MIT
/** The guest image: one initramfs that holds all that the suite needs. */
@NullMarked
package zcrx.vm.image;

import org.jspecify.annotations.NullMarked;
