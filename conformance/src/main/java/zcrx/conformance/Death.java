// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A test that kills, hangs or upsets the guest, to see what the runner makes of it. Runs only by its own profile. */
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
@org.junit.jupiter.api.Tag(Death.TAG)
public @interface Death {
    String TAG = "death";

    /** The system property that is true in a guest, and nowhere else. */
    String GUEST_PROPERTY = "zcrx.guest";
}
