package dev.weir.server;

import dev.weir.batching.Request;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.TraceFork;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceRecorder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One answer to one prompt, before it is asked of the scheduler.
 *
 * @param index among all answers of a request
 * @param promptIndex which prompt it answers
 * @param prompt its tokens
 * @param lens that looks on, if one was asked for
 * @param trace a file that what is seen goes to, if it was asked for
 */
record Choice(
        int index,
        int promptIndex,
        List<Integer> prompt,
        Request request,
        Optional<LensStream> lens,
        Optional<TraceFiles.Pending> trace) {

    /** All choices of a request, refused if one of them cannot be honoured. */
    static List<Choice> plan(Serving serving, GenerationFields fields, List<Prompt> prompts, boolean chat) {
        int most = serving.options().limits().choices();
        if ((long) prompts.size() * fields.choices() > most) {
            throw RefusalException.field(
                    "n",
                    "n: expected at most " + most + " choices over all prompts, got "
                            + (long) prompts.size() * fields.choices());
        }
        var planner = new Planner(serving, fields, chat);
        var choices = new ArrayList<Choice>();
        for (int p = 0; p < prompts.size(); p++) {
            for (int n = 0; n < fields.choices(); n++) {
                choices.add(planner.choice(choices.size(), p, n, prompts.get(p)));
            }
        }
        return choices;
    }

    private record Planner(Serving serving, GenerationFields fields, boolean chat) {

        Choice choice(int index, int promptIndex, int n, Prompt prompt) {
            Weir weir = serving.weir();
            List<Integer> tokens = encode(weir, prompt);
            Prompt asked = Prompt.of(tokens.stream().mapToInt(Integer::intValue).toArray())
                    .edited(fields.insight().edits());
            Optional<GenerationOptions> options = options(tokens.size(), n);
            Request request = options.map(generating -> Request.generate(asked, generating))
                    .orElseGet(() -> Request.forward(asked));
            if (fields.logprobs().isPresent()) {
                int top = fields.logprobs().getAsInt();
                request = fields.echoes() ? request.withLogprobsOfPrompt(top) : request.withLogprobs(top);
            }
            if (serving.options().limits().time().isPresent()) {
                request =
                        request.withTimeLimit(serving.options().limits().time().get());
            }
            return watched(index, promptIndex, tokens, request);
        }

        private List<Integer> encode(Weir weir, Prompt prompt) {
            try {
                return weir.encode(prompt);
            } catch (IllegalArgumentException e) {
                throw RefusalException.field(chat ? "messages" : "prompt", String.valueOf(e.getMessage()));
            }
        }

        /** Empty for a prompt that is only to be read. */
        private Optional<GenerationOptions> options(int promptTokens, int n) {
            int context = serving.weir().config().context();
            int room = context - promptTokens + 1;
            int most = serving.options().limits().newTokens().orElse(Integer.MAX_VALUE);
            int wanted = fields.maxTokens().orElse(Math.min(Math.min(chat ? room : 16, room), most));
            if (wanted == 0 && fields.maxTokens().isPresent() && promptTokens <= context) {
                return Optional.empty();
            }
            if (room <= 0 || wanted > room) {
                throw new RefusalException(new ErrorBody(
                        400,
                        "This model's maximum context length is " + context + " tokens: expected at most "
                                + Math.max(0, room) + " new tokens after a prompt of " + promptTokens + ", got "
                                + Math.max(1, wanted),
                        "invalid_request_error",
                        chat ? "messages" : "prompt",
                        "context_length_exceeded"));
            }
            if (wanted > most) {
                throw RefusalException.field(
                        "max_tokens", "max_tokens: expected at most " + most + " on this server, got " + wanted);
            }
            GenerationOptions options = fields.options();
            return Optional.of(options.withMaxNewTokens(wanted)
                    .withSampling(options.sampling().withSeed(options.sampling().seed() + n)));
        }

        private Choice watched(int index, int promptIndex, List<Integer> tokens, Request request) {
            Weir weir = serving.weir();
            InsightFields insight = fields.insight();
            var branches = new ArrayList<TraceFork.Branch>();
            Optional<LensStream> lens =
                    insight.lensTop().isPresent() && request.options().isPresent()
                            ? Optional.of(new LensStream(weir, insight.lensTop().getAsInt(), tokens.size()))
                            : Optional.empty();
            lens.ifPresent(sink -> branches.add(new TraceFork.Branch(LensStream.hooks(weir), sink)));
            Optional<TraceFiles.Pending> trace = insight.trace().map(hooks -> file(weir, hooks, request));
            trace.ifPresent(
                    file -> branches.add(new TraceFork.Branch(insight.trace().orElseThrow(), file.sink())));
            Request watched = request;
            if (branches.size() == 1) {
                watched = request.withTracing(Tracing.of(
                        branches.getFirst().hooks(), branches.getFirst().sink()));
            } else if (branches.size() > 1) {
                var fork = new TraceFork(branches);
                watched = request.withTracing(Tracing.of(fork.hooks(), fork));
            }
            return new Choice(index, promptIndex, tokens, watched, lens, trace);
        }

        private static long bytes(Weir weir, Request request, Tracing tracing) {
            try {
                TraceLayout layout = request.options().isPresent()
                        ? weir.layoutOfGenerate(
                                List.of(request.prompt()), request.options().get(), tracing)
                        : weir.layoutOfForward(List.of(request.prompt()), tracing);
                return layout.bytes();
            } catch (IllegalArgumentException e) {
                throw RefusalException.field(null, String.valueOf(e.getMessage()));
            } catch (ArithmeticException e) {
                return Long.MAX_VALUE;
            }
        }

        private TraceFiles.Pending file(Weir weir, Hooks hooks, Request request) {
            long bytes = bytes(weir, request, Tracing.of(hooks, new TraceRecorder()));
            long most = serving.insight().orElseThrow().traceBytes();
            if (bytes > most) {
                throw RefusalException.field(
                        "weir.trace",
                        "weir.trace: expected a trace of at most " + most + " bytes, got one of up to " + bytes);
            }
            return serving.traces().orElseThrow().begin(weir, request.prompt());
        }
    }
}
