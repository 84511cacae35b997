package dev.weir.backend.natives;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class NativeFolderTest {

    private static final String NAME = "libprobe.so";

    @TempDir
    private Path temporary;

    private final byte[] content = new byte[100_000];
    private NativeFolder folder;

    @BeforeEach
    void fill() {
        new Random(1).nextBytes(content);
        folder = new NativeFolder(temporary.resolve("cache").resolve("natives"));
    }

    @Test
    void aLibraryIsUnpackedForItsOwnerOnly() throws IOException {
        Path file = folder.unpack(NAME, content);
        assertEquals(NAME, file.getFileName().toString());
        assertArrayEquals(content, Files.readAllBytes(file));
        assertTrue(permissions(file).startsWith("rw"));
        assertTrue(permissions(file).endsWith("------"));
        assertEquals("rwx------", permissions(file.getParent()));
        assertEquals("rwx------", permissions(folder.root()));
        assertEquals(1, Files.list(file.getParent()).count());
    }

    @Test
    void whatIsThereIsNotWrittenAgain() throws IOException {
        Path file = folder.unpack(NAME, content);
        var longAgo = FileTime.fromMillis(1000);
        Files.setLastModifiedTime(file, longAgo);
        assertEquals(file, folder.unpack(NAME, content));
        assertEquals(longAgo, Files.getLastModifiedTime(file));
    }

    @Test
    void anotherContentHasAnotherPlace() throws IOException {
        Path file = folder.unpack(NAME, content);
        byte[] newer = content.clone();
        newer[7]++;
        assertNotEquals(file, folder.unpack(NAME, newer));
        assertArrayEquals(content, Files.readAllBytes(file));
    }

    @Test
    void aFileThatWasCutShortIsReplaced() throws IOException {
        Path file = folder.unpack(NAME, content);
        Files.write(file, new byte[10]);
        assertArrayEquals(content, Files.readAllBytes(folder.unpack(NAME, content)));
        Files.write(file, new byte[0]);
        assertArrayEquals(content, Files.readAllBytes(folder.unpack(NAME, content)));
    }

    @Test
    void aFileOfTheSameLengthAndOtherBytesIsReplaced() throws IOException {
        Path file = folder.unpack(NAME, content);
        Files.write(file, new byte[content.length]);
        assertArrayEquals(content, Files.readAllBytes(folder.unpack(NAME, content)));
    }

    @Test
    void aLinkToSomebodyElsesFileIsReplacedAndTheirFileStays() throws IOException {
        Path file = folder.unpack(NAME, content);
        Path theirs = Files.write(temporary.resolve("theirs"), content);
        Files.delete(file);
        Files.createSymbolicLink(file, theirs);
        assertTrue(Files.isRegularFile(folder.unpack(NAME, content), LinkOption.NOFOLLOW_LINKS));
        assertArrayEquals(content, Files.readAllBytes(theirs));
    }

    @Test
    void aFileThatOthersMayWriteIsReplaced() throws IOException {
        Path file = folder.unpack(NAME, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
        folder.unpack(NAME, content);
        assertTrue(permissions(file).endsWith("------"));
    }

    @Test
    void aFolderThatOthersMayReadIsClosedToThem() throws IOException {
        Path file = folder.unpack(NAME, content);
        Files.setPosixFilePermissions(file.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
        folder.unpack(NAME, content);
        assertEquals("rwx------", permissions(file.getParent()));
    }

    @Test
    void aLinkInPlaceOfTheFolderIsRefused() throws IOException {
        Path elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
        Files.createDirectories(folder.root().getParent());
        Files.createSymbolicLink(folder.root(), elsewhere);
        var refusal = assertThrows(IOException.class, () -> folder.unpack(NAME, content));
        assertEquals(folder.root() + " is not a folder of this user's", refusal.getMessage());
        assertEquals(0, Files.list(elsewhere).count());
    }

    @Test
    void aFileInPlaceOfTheFolderIsRefused() throws IOException {
        Files.createDirectories(folder.root().getParent());
        Files.createFile(folder.root());
        assertThrows(IOException.class, () -> folder.unpack(NAME, content));
    }

    @Test
    void manyMayUnpackAtOnce() throws Exception {
        try (var threads = Executors.newFixedThreadPool(8)) {
            Callable<byte[]> unpack = () -> Files.readAllBytes(folder.unpack(NAME, content));
            for (var result : threads.invokeAll(Collections.nCopies(40, unpack))) {
                assertArrayEquals(content, result.get());
            }
        }
        Path file = folder.unpack(NAME, content);
        try (var left = Files.list(file.getParent())) {
            assertEquals(List.of(file), left.toList());
        }
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
    }
}
