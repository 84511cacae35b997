package dev.weir.backend.natives;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * A folder of the user's own, closed to all others, in which native libraries lie unpacked.
 *
 * <p>A library lies in a folder named by the hash of its content, is written beside its place and renamed, and is compared byte for
 * byte on every use. So a file that was cut short, or is somebody else's, is never loaded, and processes may unpack at the same time.
 */
public record NativeFolder(Path root) {

    private static final Logger LOG = System.getLogger(NativeFolder.class.getName());

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final int HASH_CHARACTERS = 16;

    /** {@code $XDG_CACHE_HOME/weir/natives}, or {@code ~/.cache/weir/natives}. */
    public static NativeFolder ofUser() {
        String cache = System.getenv("XDG_CACHE_HOME");
        Path base = cache != null && Path.of(cache).isAbsolute()
                ? Path.of(cache)
                : Path.of(System.getProperty("user.home"), ".cache");
        return new NativeFolder(base.resolve("weir").resolve("natives"));
    }

    /**
     * Unpacks into the user's folder or, where that cannot be, into a new one in the temporary folder, which goes when the JVM ends.
     *
     * @throws IOException if neither can be written
     */
    public static Path unpackSomewhere(String name, byte[] content) throws IOException {
        try {
            return ofUser().unpack(name, content);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "native libraries go to the temporary folder: " + e);
            Path folder = Files.createTempDirectory("weir-natives-");
            Path file = new NativeFolder(folder).unpack(name, content);
            for (Path path : List.of(folder, file.getParent(), file)) {
                path.toFile().deleteOnExit();
            }
            return file;
        }
    }

    /**
     * A file of that name and content, alone in its folder.
     *
     * @throws IOException if the folder cannot be made or is not the user's
     */
    public Path unpack(String name, byte[] content) throws IOException {
        Path folder = root.resolve(hash(content));
        makePrivate(root);
        makePrivate(folder);
        Path file = folder.resolve(name);
        if (!holds(file, content)) {
            write(file, content);
        }
        if (!holds(file, content)) {
            throw new IOException(file + " does not keep what was written into it");
        }
        return file;
    }

    private static void makePrivate(Path folder) throws IOException {
        Files.createDirectories(folder.toAbsolutePath().getParent());
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        }
        PosixFileAttributes attributes = attributes(folder);
        if (!attributes.isDirectory() || !isOurs(attributes)) {
            throw new IOException(folder + " is not a folder of this user's");
        }
        if (!attributes.permissions().equals(OWNER_ONLY)) {
            Files.setPosixFilePermissions(folder, OWNER_ONLY);
        }
    }

    private static boolean holds(Path file, byte[] content) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        PosixFileAttributes attributes = attributes(file);
        return attributes.isRegularFile()
                && isOurs(attributes)
                && OWNER_ONLY.containsAll(attributes.permissions())
                && attributes.size() == content.length
                && Arrays.equals(Files.readAllBytes(file), content);
    }

    private static void write(Path file, byte[] content) throws IOException {
        Path beside = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".part");
        try {
            Files.write(beside, content);
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    private static PosixFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isOurs(PosixFileAttributes attributes) throws IOException {
        return attributes.owner().equals(Files.getOwner(Path.of("/proc/self")));
    }

    private static String hash(byte[] content) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
            return HexFormat.of().formatHex(digest).substring(0, HASH_CHARACTERS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
