// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Files that can be made again, each with its checksum beside it. A file whose checksum doesn't match counts as absent,
 * and so does one that was being written when the power went. Needs a lock around it when several processes use it.
 */
final class FileCache {
    private static final String CHECKSUM = ".sha256";

    private final Path dir;

    FileCache(Path dir) {
        this.dir = dir;
    }

    /**
     * A file that is whole.
     *
     * @param sha256 in hexadecimal
     */
    record Entry(Path path, String sha256) {}

    /** Writes the content of an entry. */
    @FunctionalInterface
    interface Maker {
        void writeTo(OutputStream out) throws IOException;
    }

    /** Verifies the checksum. */
    Optional<Entry> find(String name) throws IOException {
        Path file = dir.resolve(name);
        Path checksum = dir.resolve(name + CHECKSUM);
        if (!Files.exists(file) || !Files.exists(checksum)) {
            return Optional.empty();
        }
        String sha256 = sha256(file);
        return Files.readString(checksum).strip().equals(sha256)
                ? Optional.of(new Entry(file, sha256))
                : Optional.empty();
    }

    /** Makes an entry, in place of any that is there. */
    Entry put(String name, Maker maker) throws IOException {
        Path file = dir.resolve(name);
        Path part = dir.resolve(name + ".part");
        Path checksum = dir.resolve(name + CHECKSUM);
        Files.createDirectories(file.getParent());
        MessageDigest digest = newDigest();
        try (OutputStream out = new DigestOutputStream(new BufferedOutputStream(Files.newOutputStream(part)), digest)) {
            maker.writeTo(out);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(part);
            throw e;
        }
        String sha256 = HexFormat.of().formatHex(digest.digest());
        Files.deleteIfExists(checksum);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        Files.writeString(part, sha256);
        Files.move(part, checksum, StandardCopyOption.ATOMIC_MOVE);
        return new Entry(file, sha256);
    }

    static String sha256(Path file) throws IOException {
        MessageDigest digest = newDigest();
        try (InputStream in = Files.newInputStream(file)) {
            byte[] buffer = new byte[1 << 20];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    static String sha256(String text) {
        return HexFormat.of().formatHex(newDigest().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
