// SPDX-License-Identifier: MIT
/** The suite: every test of the UAPI, and the program that runs them on the kernel it finds itself on. */
@NullMarked
package zcrx.conformance;

import org.jspecify.annotations.NullMarked;
