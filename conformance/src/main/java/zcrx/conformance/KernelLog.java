// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import zcrx.conformance.results.KernelLogMark;

/** Where the suite leaves its marks, /dev/kmsg. Each is one write, as the device asks. */
final class KernelLog implements AutoCloseable {
    private final OutputStream device;

    KernelLog(OutputStream device) {
        this.device = device;
    }

    void mark(KernelLogMark.Kind kind, String id) {
        try {
            device.write((new KernelLogMark(kind, id).text() + "\n").getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("/dev/kmsg: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        device.close();
    }
}
