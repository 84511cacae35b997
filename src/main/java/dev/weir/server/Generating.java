package dev.weir.server;

import dev.weir.chat.ChatTemplate;
import dev.weir.engine.Prompt;
import io.helidon.webserver.http.ServerResponse;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** The two endpoints that generate. */
final class Generating {

    private final Faults faults;

    Generating(Faults faults) {
        this.faults = faults;
    }

    /** {@code /v1/completions}. */
    void complete(Serving serving, Fields fields, ServerResponse response) throws InterruptedException {
        GenerationFields common = GenerationFields.read(fields, serving, false);
        List<Prompt> prompts = new CompletionPrompts(
                        fields,
                        serving.options().limits().choices(),
                        serving.weir().config().vocabulary())
                .read();
        List<Choice> choices = Choice.plan(serving, common, prompts, false);
        List<String> texts = common.echoes()
                ? prompts.stream().map(prompt -> text(serving, prompt)).toList()
                : List.of();
        var wire = new CompletionsWire(serving, id(), now(), common, texts);
        new Answer(serving, common, choices, wire, faults).send(response);
    }

    private static String text(Serving serving, Prompt prompt) {
        if (prompt instanceof Prompt.Text text) {
            return text.text();
        }
        int[] ids = serving.weir().encode(prompt).stream()
                .mapToInt(Integer::intValue)
                .toArray();
        return serving.tokenText().joined(ids);
    }

    /** {@code /v1/chat/completions}. */
    void chat(Serving serving, Fields fields, ServerResponse response) throws InterruptedException {
        GenerationFields common = GenerationFields.read(fields, serving, true);
        Prompt prompt = Prompt.of(prompt(serving, ChatMessages.read(fields)));
        List<Choice> choices = Choice.plan(serving, common, List.of(prompt), true);
        new Answer(serving, common, choices, new ChatWire(serving, id(), now(), common), faults).send(response);
    }

    private String prompt(Serving serving, List<ChatTemplate.Message> messages) {
        try {
            return serving.template().prompt(messages);
        } catch (IllegalArgumentException e) {
            throw RefusalException.field("messages", String.valueOf(e.getMessage()));
        } catch (IllegalStateException e) {
            ErrorBody noted = faults.note(e);
            throw new RefusalException(new ErrorBody(
                    500,
                    "the model's chat template asks for what this server's Jinja does not have: " + noted.message(),
                    noted.type(),
                    "messages",
                    "chat_template"));
        }
    }

    private static String id() {
        return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong())
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    }

    private static long now() {
        return Instant.now().getEpochSecond();
    }
}
