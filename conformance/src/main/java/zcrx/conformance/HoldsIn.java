// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import zcrx.fixtures.abi.Dialect;

/** The dialects that have the rule which a test is about; without it, all. The catalogue says the same of the rule. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface HoldsIn {
    Dialect[] value();
}
