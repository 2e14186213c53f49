// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.nio.file.Path;

/**
 * A kernel to boot.
 *
 * @param image what QEMU gets: an ELF vmlinux with a PVH entry, which boots faster, or else a bzImage
 * @param release as {@code uname -r} will say, such as {@code 7.3.4+deb13-amd64}
 * @param spec as the user wrote it, such as {@code debian:latest}
 * @param origin where it is from, for people: suite, package and version, or a file
 * @param sha256 of the kernel as it came, in hexadecimal: the same for the same kernel however it was specified
 * @param cached whether nothing had to be fetched
 */
public record Kernel(Path image, String release, String spec, String origin, String sha256, boolean cached) {}
