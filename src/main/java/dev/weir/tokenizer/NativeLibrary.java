package dev.weir.tokenizer;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The native code of Hugging Face's tokenizers, as DJL builds and binds it, loaded once.
 *
 * <p>DJL's own way to it, {@code HuggingFaceTokenizer}, asks the CUDA driver for GPUs, may download a build for them, keeps a copy in
 * the home folder, logs each of these and reports its use where it finds itself on Amazon's machines. Weir wants none of that, so it
 * unpacks the CPU build, which lies in DJL's jar, and calls the binding.
 */
final class NativeLibrary {

    private static boolean loaded;

    private NativeLibrary() {}

    /** @throws IOException if there is no build for this machine, or it cannot be unpacked or loaded */
    static synchronized TokenizersLibrary load() throws IOException {
        if (!loaded) {
            unpackAndLoad();
            loaded = true;
        }
        return TokenizersLibrary.LIB;
    }

    private static void unpackAndLoad() throws IOException {
        String name = System.mapLibraryName("tokenizers");
        String resource = "/native/lib/" + platform() + "/cpu/" + name;
        try (InputStream packed = TokenizersLibrary.class.getResourceAsStream(resource)) {
            if (packed == null) {
                throw new IOException("the tokenizer library has no build for " + platform());
            }
            Path folder = Files.createTempDirectory("weir-tokenizer-");
            Path library = folder.resolve(name);
            try {
                Files.copy(packed, library);
                load(library);
            } finally {
                Files.deleteIfExists(library);
                Files.delete(folder);
            }
        }
    }

    // A loaded library stays in memory when its file goes.
    @SuppressWarnings("restricted")
    private static void load(Path library) throws IOException {
        try {
            System.load(library.toString());
        } catch (UnsatisfiedLinkError e) {
            throw new IOException(
                    "the tokenizer library does not load: " + e.getMessage()
                            + " (-Djava.io.tmpdir=FOLDER unpacks it elsewhere)",
                    e);
        }
    }

    private static String platform() {
        String system = System.getProperty("os.name").startsWith("Mac") ? "osx" : System.getProperty("os.name");
        String machine = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
        return system.toLowerCase(Locale.ROOT) + "-" + machine;
    }
}
