// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import zcrx.vm.Progress;

/** Shows nothing, and does not expect a note. */
final class QuietProgress implements Progress {
    @Override
    public Task begin(String what) {
        return new Task() {
            @Override
            public void percent(int done) {
                // Nobody looks.
            }

            @Override
            public void close() {
                // Nothing was shown.
            }
        };
    }

    @Override
    public void note(String line) {
        throw new AssertionError(line);
    }
}
