package dev.weir.chat;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A template in Jinja, as models bring it: blocks are trimmed, and what a message holds is never a template itself. */
final class JinjaTemplate {

    private static final int LONGEST = 16 << 20;
    private static final Pattern QUOTED =
            Pattern.compile("'(?:[^'\\\\]|\\\\.)*+'|\"(?:[^\"\\\\]|\\\\.)*+\"", Pattern.DOTALL);
    private static final Pattern CODE = Pattern.compile("\\{[{%].*?[}%]}", Pattern.DOTALL);
    private static final Pattern SPACE_BEFORE = Pattern.compile("\\s*\\{([{%#])-");
    private static final Pattern SPACE_AFTER = Pattern.compile("-([}%#])}\\s*");
    private static final Pattern FILTER = Pattern.compile("\\|\\s*(\\w+)");

    private final String template;
    private final Jinjava jinjava;

    /** @throws IllegalArgumentException if it uses a filter that is not known here */
    JinjaTemplate(String template) {
        String text = withoutSpace(TemplateFunctions.javaNames(template));
        this.template = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        this.jinjava = new Jinjava(JinjavaConfig.newBuilder()
                .withTrimBlocks(true)
                .withLstripBlocks(true)
                .withNestedInterpretationEnabled(false)
                .withMaxOutputSize(LONGEST)
                .build());
        jinjava.getGlobalContext().registerFunction(function("raise_exception", "raiseException"));
        jinjava.getGlobalContext().registerFunction(function("strftime_now", "strftimeNow"));
        jinjava.getGlobalContext().registerFilter(new PythonJson());
        requireKnownFilters();
    }

    private static ELFunctionDefinition function(String name, String method) {
        return new ELFunctionDefinition("", name, TemplateFunctions.class, method, String.class);
    }

    /** Takes away the space that dashes ask to be taken away: the library leaves some of it. */
    private static String withoutSpace(String template) {
        String before = SPACE_BEFORE.matcher(template).replaceAll("{$1");
        return SPACE_AFTER.matcher(before).replaceAll("$1}");
    }

    /** The library passes over filters that it does not know. */
    private void requireKnownFilters() {
        CODE.matcher(QUOTED.matcher(template).replaceAll("''"))
                .results()
                .flatMap(code -> FILTER.matcher(code.group()).results())
                .map(filter -> filter.group(1))
                .filter(name -> jinjava.getGlobalContext().getFilter(name) == null)
                .findFirst()
                .ifPresent(name -> {
                    throw new IllegalArgumentException(
                            "chat template: expected filters that are known here, got '" + name + "'");
                });
    }

    /**
     * What the template makes of its variables.
     *
     * @throws IllegalArgumentException if the template refuses them
     * @throws IllegalStateException if it is no template that can be understood here
     */
    String render(Map<String, Object> variables) {
        RenderResult result = jinjava.renderForResult(template, variables);
        List<TemplateError> errors = result.getErrors();
        Optional<String> refusal = errors.stream()
                .flatMap(error -> causes(error.getException()))
                .filter(TemplateFunctions.Raised.class::isInstance)
                .map(Throwable::getMessage)
                .findFirst();
        if (refusal.isPresent()) {
            throw new IllegalArgumentException("messages: the model's template says: " + refusal.get());
        }
        if (!errors.isEmpty()) {
            throw new IllegalStateException(
                    "chat template: " + errors.getFirst().getMessage());
        }
        return result.getOutput();
    }

    private static Stream<Throwable> causes(Throwable failure) {
        return Stream.iterate(failure, cause -> cause != null, Throwable::getCause);
    }
}
