// SPDX-License-Identifier: MIT
/** Where kernels come from: Debian's archive, files, build trees, packages. */
@NullMarked
package zcrx.vm.kernel;

import org.jspecify.annotations.NullMarked;
