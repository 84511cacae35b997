package dev.weir.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;

/** A request whose sink or whose edit throws at some position, of its prompt or later. */
record Troublemaker(Reply reply) {

    private static final int NEW_TOKENS = 20;

    /** Joins those that run or wait. */
    static Troublemaker join(Scheduler scheduler, RandomRequests randomly) {
        Weir weir = scheduler.weir();
        Prompt prompt = randomly.prompt(weir);
        int at = randomly.random().nextInt(weir.encode(prompt).size() + NEW_TOKENS - 2);
        var options = weir.defaults().withEndOfText().withMaxNewTokens(NEW_TOKENS);
        Request request = randomly.random().nextBoolean()
                ? Request.generate(prompt, options).withTracing(throwingSink(weir, at))
                : Request.generate(prompt.edited(throwingEdit(at)), options);
        return new Troublemaker(scheduler.submit(request));
    }

    private static Tracing throwingSink(Weir weir, int at) {
        return Tracing.of(weir.select("hook_embed"), new Meddler(rows -> throwFrom(at, rows)));
    }

    private static Edits throwingEdit(int at) {
        return Edits.of(
                HookPoint.of(0, Site.RESID_POST),
                new Edit.OnHost((point, rows, values, columns) -> throwFrom(at, rows)));
    }

    private static void throwFrom(int position, Rows rows) {
        if (rows.positions()[rows.count() - 1] >= position) {
            throw new IllegalStateException("thrown on purpose");
        }
    }

    /** It was told of its own failure. */
    void requireFailed(String message) {
        var failure = assertThrows(RequestFailedException.class, reply::await, message);
        assertEquals("the request could not be finished: thrown on purpose", failure.getMessage(), message);
    }
}
