// SPDX-License-Identifier: MIT
package zcrx.vm;

/**
 * What the harness tells a waiting user. An implementation shows a task on a terminal only, and only once it has taken
 * a second; notes it always shows.
 */
public interface Progress {

    /** Something begins that may take long, such as {@code fetching linux-binary-7.3.4+deb13-amd64}. */
    Task begin(String what);

    /** One line that the user should know and that stops nothing. */
    void note(String line);

    /** Something that takes long; over when closed, well or not. */
    interface Task extends AutoCloseable {

        /** How far it is; not called when that cannot be known. */
        void percent(int done);

        @Override
        void close();
    }
}
