// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Optional;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;

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
        MessageDigest digest = DigestUtils.getSha256Digest();
        try (OutputStream out = new DigestOutputStream(new BufferedOutputStream(Files.newOutputStream(part)), digest)) {
            maker.writeTo(out);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(part);
            throw e;
        }
        String sha256 = Hex.encodeHexString(digest.digest());
        Files.deleteIfExists(checksum);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        Files.writeString(part, sha256);
        Files.move(part, checksum, StandardCopyOption.ATOMIC_MOVE);
        return new Entry(file, sha256);
    }

    static String sha256(Path file) throws IOException {
        return new DigestUtils(DigestUtils.getSha256Digest()).digestAsHex(file);
    }
}
