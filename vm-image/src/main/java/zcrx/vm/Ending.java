// SPDX-License-Identifier: MIT
package zcrx.vm;

/**
 * How a run ended, seen from outside; whether the suite had finished by then is the result stream's business.
 *
 * @param kind what happened
 * @param detail one line for the user, such as what QEMU wrote before it gave up; empty when there is nothing to say
 */
public record Ending(Kind kind, String detail) {
    public enum Kind {
        /** The guest powered off, or the suite's process exited. */
        STOPPED,
        /** QEMU or the suite's process was killed or crashed. */
        KILLED,
        /** The time was up. */
        TIMEOUT,
        /** For too long nothing came from a suite that had begun. */
        HUNG,
        /** The user asked for an early end. */
        INTERRUPTED,
        /** It never ran: QEMU is missing, refuses its arguments, or has no memory. */
        NOT_STARTED
    }
}
