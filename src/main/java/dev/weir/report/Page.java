package dev.weir.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The page around the data: its parts lie as resources beside this class, and everything that a browser needs is written into it. A policy
 * in its head lets no other script or style run and nothing be fetched.
 */
final class Page {

    private static final List<String> SCRIPTS = List.of(
            "echarts/echarts.min.js",
            "packed.js",
            "text.js",
            "report.js",
            "state.js",
            "theme.js",
            "plot.js",
            "strip.js",
            "table.js",
            "lens.js",
            "stream.js",
            "attention.js",
            "attribution.js",
            "sweep.js",
            "page.js");

    private Page() {}

    /** The whole file. */
    static String of(JsonNode data) {
        String style = "\n" + resource("page.css");
        List<String> scripts =
                SCRIPTS.stream().map(name -> "\n" + resource(name)).toList();
        return resource("page.html")
                .replace("{{policy}}", policy(style, scripts))
                .replace("{{style}}", style)
                .replace("{{scripts}}", scripts.stream().map(Page::element).collect(Collectors.joining("\n")))
                .replace("{{data}}", harmless(data));
    }

    private static String policy(String style, List<String> scripts) {
        return Stream.of(
                        "default-src 'none'",
                        "script-src " + scripts.stream().map(Page::hash).collect(Collectors.joining(" ")),
                        "style-src " + hash(style),
                        "img-src data:",
                        "base-uri 'none'",
                        "form-action 'none'")
                .collect(Collectors.joining("; "));
    }

    private static String element(String script) {
        return "<script>" + script + "</script>";
    }

    /** JSON that no HTML parser can find an end tag or a comment in: these characters stand in JSON's strings only. */
    private static String harmless(JsonNode data) {
        return data.toString().replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026");
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static String resource(String name) {
        try (InputStream in = Page.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("resource " + name + ": expected it beside the classes, got none");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
