package dev.weir.cli;

import dev.weir.corpus.CorpusRun;
import dev.weir.corpus.Manifest;
import java.time.Duration;
import java.util.Locale;

/** How far a dump is: a bar for a person, who sees when it will be over, and for a log a line after each shard that says the same. */
final class DumpProgress implements CorpusRun.Listener, AutoCloseable {

    private final Shell shell;
    private final Progress bar;
    private final long total;
    private final long began = System.nanoTime();
    private long processed;

    DumpProgress(Shell shell, CorpusRun run) {
        this.shell = shell;
        this.total = run.missingTokens();
        this.bar = total == 0 ? Progress.none() : Progress.of(shell, "dump", total);
    }

    @Override
    public void onTokens(int tokens) {
        processed += tokens;
        bar.advance(tokens);
    }

    @Override
    public void onShard(Manifest.Shard shard) {
        if (!shell.errIsTerminal()) {
            shell.note("%s is written; %s".formatted(shard.file(), rest(System.nanoTime() - began)));
        }
    }

    private String rest(long nanos) {
        if (processed == total) {
            return "it is the last";
        }
        long seconds = Math.round(nanos / 1e9 * (total - processed) / processed);
        String time = Duration.ofSeconds(seconds).toString().substring(2).toLowerCase(Locale.ROOT);
        return "%d %% of %s, %s left".formatted(100 * processed / total, Figures.counted(total, "token"), time);
    }

    @Override
    public void close() {
        bar.close();
    }
}
