// SPDX-License-Identifier: MIT
/**
 * The tests, a class for each subject. A test opens what it needs, does one thing to the kernel and says what must come
 * of it; whatever it opened is closed again when it fails. A test that needs to wait waits for a completion with a
 * deadline, never for a time.
 */
@NullMarked
package zcrx.conformance.cases;

import org.jspecify.annotations.NullMarked;
