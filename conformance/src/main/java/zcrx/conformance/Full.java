// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A test that is too slow for the gate profile; for both engines. */
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
@org.junit.jupiter.api.Tag(Full.TAG)
@net.jqwik.api.Tag(Full.TAG)
public @interface Full {
    String TAG = "full";
}
