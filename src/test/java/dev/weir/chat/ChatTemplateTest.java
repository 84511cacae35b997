package dev.weir.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.chat.ChatTemplate.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Templates as models have them; what they are to write was worked out by hand. */
class ChatTemplateTest {

    private static final List<Message> TALK = List.of(
            new Message("system", " Be kind. "),
            new Message("user", "{{ 7 * 7 }} & <b>"),
            new Message("assistant", "49?"),
            new Message("user", "{% if x %} No."));

    private static String render(String template, List<Message> messages) {
        return ChatTemplate.of(Optional.of(template), "<s>", "</s>").prompt(messages);
    }

    @Test
    void chatMl() {
        String template =
                "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>'"
                        + " + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
        assertEquals(
                "<|im_start|>system\n Be kind. <|im_end|>\n<|im_start|>user\n{{ 7 * 7 }} & <b><|im_end|>\n"
                        + "<|im_start|>assistant\n49?<|im_end|>\n<|im_start|>user\n{% if x %} No.<|im_end|>\n"
                        + "<|im_start|>assistant\n",
                render(template, TALK));
    }

    @Test
    void llama3() {
        String template =
                "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' +"
                        + " message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if"
                        + " loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{%"
                        + " if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";
        assertEquals(
                "<s><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|>"
                        + "<|start_header_id|>user<|end_header_id|>\n\n{{ 7 * 7 }} & <b><|eot_id|>"
                        + "<|start_header_id|>assistant<|end_header_id|>\n\n49?<|eot_id|>"
                        + "<|start_header_id|>user<|end_header_id|>\n\n{% if x %} No.<|eot_id|>"
                        + "<|start_header_id|>assistant<|end_header_id|>\n\n",
                render(template, TALK));
    }

    private static final String MISTRAL = """
            {%- if messages[0]["role"] == "system" %}
                {%- set system_message = messages[0]["content"] %}
                {%- set loop_messages = messages[1:] %}
            {%- else %}
                {%- set loop_messages = messages %}
            {%- endif %}
            {%- set ns = namespace(index=0) %}
            {{- bos_token }}
            {%- for message in loop_messages %}
                {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
                    {{- raise_exception("roles must alternate user/assistant, got " ~ message["role"]) }}
                {%- endif %}
                {%- set ns.index = ns.index + 1 %}
                {%- if message["role"] == "user" %}
                    {%- if loop.last and system_message is defined %}
                        {{- "[INST] " + system_message.strip() + "\\n\\n" + message["content"] + "[/INST]" }}
                    {%- else %}
                        {{- "[INST] " + message["content"] + "[/INST]" }}
                    {%- endif %}
                {%- elif message["role"] == "assistant" %}
                    {{- " " + message["content"]|trim + eos_token }}
                {%- else %}
                    {{- raise_exception("Only user and assistant roles are supported!") }}
                {%- endif %}
            {%- endfor %}
            """;

    @Test
    void mistral() {
        assertEquals(
                "<s>[INST] {{ 7 * 7 }} & <b>[/INST] 49?</s>[INST] Be kind.\n\n{% if x %} No.[/INST]",
                render(MISTRAL, TALK));
        assertEquals("<s>[INST] Hi[/INST]", render(MISTRAL, List.of(new Message("user", "Hi"))));
    }

    @Test
    void whatATemplateRefusesIsSaid() {
        var refusal = assertThrows(
                IllegalArgumentException.class, () -> render(MISTRAL, List.of(new Message("assistant", "Hi"))));
        assertEquals(
                "messages: the model's template says: roles must alternate user/assistant, got assistant",
                refusal.getMessage());
    }

    @Test
    void blocksAndOneLastLineBreakLeaveNothingBehind() {
        String template = """
                {# a comment #}
                {% for m in messages %}
                    {% if m.role == 'user' and not loop.first %}
                {{ loop.index0 }}:{{ m.content | trim }}
                    {% endif %}
                {% endfor %}
                end {{ messages[-1].content.startswith('{%') }} {{ tools is defined }} {{ messages[0]['name'] is defined }}
                """;
        assertEquals("1:{{ 7 * 7 }} & <b>\n3:{% if x %} No.\nend true false false", render(template, TALK));
    }

    @Test
    void jsonIsWrittenAsPythonDoes() {
        assertEquals(
                "[{\"role\": \"user\", \"content\": \"a\\\"é\"}]",
                render("{{ messages | tojson }}", List.of(new Message("user", "a\"é"))));
    }

    @Test
    void timesAreWrittenAsPythonDoes() {
        assertEquals(
                "07 Mar 2026, Saturday 2026-03-07 15:04:05 %Q",
                TemplateFunctions.at(LocalDateTime.of(2026, 3, 7, 15, 4, 5), "%d %b %Y, %A %Y-%m-%d %H:%M:%S %%Q"));
        assertTrue(render("{{ strftime_now('%Y') }}", TALK).matches("\\d{4}"));
    }

    @Test
    void whatIsNotUnderstoodIsNotPassedOver() {
        assertThrows(IllegalArgumentException.class, () -> render("{{ messages | no_such_filter }}", TALK));
        assertThrows(IllegalStateException.class, () -> render("{{ no_such_function(1) }}", TALK));
        assertThrows(IllegalStateException.class, () -> render("{% no_such_tag %}", TALK));
    }

    @Test
    void aFolderSaysWhichTemplate(@TempDir Path folder) throws IOException {
        List<Message> hi = List.of(new Message("user", "a"), new Message("user", "b"));
        assertEquals("a\n\nb", ChatTemplate.open(folder).prompt(hi));
        Path config = folder.resolve("tokenizer_config.json");
        Files.writeString(
                config,
                "{\"bos_token\": {\"content\": \"<b>\"}, \"eos_token\": \"<e>\", \"chat_template\": \"{{ bos_token }}1{{"
                        + " eos_token }}\"}");
        assertEquals("<b>1<e>", ChatTemplate.open(folder).prompt(hi));
        Files.writeString(
                config,
                "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"2\"}, {\"name\": \"default\", \"template\":"
                        + " \"3\"}]}");
        assertEquals("3", ChatTemplate.open(folder).prompt(hi));
        Files.writeString(folder.resolve("chat_template.jinja"), "4\n");
        assertEquals("4", ChatTemplate.open(folder).prompt(hi));
    }
}
