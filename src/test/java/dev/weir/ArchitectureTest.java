package dev.weir;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import dev.weir.program.Op;
import java.util.Arrays;

/** The house rules. Each line of the floor plan in {@code docs/architecture.md} is a line here. */
@AnalyzeClasses(packages = "dev.weir", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

    /** A package and the packages that it may import, bottom floor first. */
    private static final String[][] HOUSE = {
        {"tensor"},
        {"hook", "tensor"},
        {"tokenizer"},
        {"chat"},
        {"safetensors", "tensor"},
        {"gguf", "tensor"},
        {"program", "tensor", "hook"},
        {"model", "tensor", "hook", "program"},
        {"backend", "tensor", "hook", "program"},
        {"dump", "tensor", "hook", "safetensors"},
        {"edit", "tensor", "hook", "safetensors", "gguf", "dump"},
        {"checkpoint", "tensor", "safetensors", "gguf", "hook", "program", "model", "backend"},
        {"engine", "tensor", "tokenizer", "hook", "program", "model", "backend", "checkpoint"},
        {"batching", "tensor", "hook", "program", "model", "engine"},
        {"metrics", "engine", "batching"},
        {"corpus", "tensor", "tokenizer", "hook", "safetensors", "model", "dump", "engine"},
        {"bench", "tensor", "hook", "program", "model", "checkpoint", "engine", "backend"},
        {"langchain4j", "chat", "engine", "batching"},
        {"steering", "tensor", "hook", "safetensors", "gguf", "dump", "engine"},
        {"lens", "tensor", "tokenizer", "hook", "model", "dump", "engine"},
        {"patching", "tensor", "tokenizer", "hook", "model", "engine", "lens"},
        {"report", "tensor", "tokenizer", "hook", "model", "dump", "engine", "lens", "patching"},
        {"sae", "tensor", "hook", "model", "safetensors", "backend", "engine"},
        {
            "server",
            "tensor",
            "chat",
            "tokenizer",
            "hook",
            "safetensors",
            "gguf",
            "model",
            "dump",
            "edit",
            "engine",
            "batching",
            "metrics",
            "lens"
        },
    };

    @ArchTest
    static final ArchRule aPackageImportsOnlyFromFloorsBelow = house();

    private static ArchRule house() {
        LayeredArchitecture rule = layeredArchitecture().consideringOnlyDependenciesInLayers();
        rule = rule.layer("cli").definedBy("dev.weir.cli").whereLayer("cli").mayNotBeAccessedByAnyLayer();
        for (String[] room : HOUSE) {
            rule = rule.layer(room[0]).definedBy("dev.weir." + room[0] + "..");
        }
        for (String[] room : HOUSE) {
            var below = Arrays.copyOfRange(room, 1, room.length);
            rule = below.length == 0
                    ? rule.whereLayer(room[0]).mayNotAccessAnyLayer()
                    : rule.whereLayer(room[0]).mayOnlyAccessLayers(below);
        }
        return rule;
    }

    @ArchTest
    static final ArchRule packagesHaveNoCircles =
            slices().matching("dev.weir.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule theSeamDoesNotKnowItsMachines = noClasses()
            .that()
            .resideInAPackage("dev.weir.backend")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.weir.backend.*..");

    @ArchTest
    static final ArchRule theDriverLayerKnowsNoPlans = classes()
            .that()
            .resideInAPackage("dev.weir.backend.cuda.driver")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "dev.weir.backend.cuda.driver",
                    "dev.weir.backend.natives",
                    "dev.weir.tensor",
                    "jcuda..",
                    "java..",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule theIncubatorHasOneUser = only("jdk.incubator.vector..", "dev.weir.backend.cpu.vector");

    @ArchTest
    static final ArchRule theDriverApiHasOneUser = only("jcuda..", "dev.weir.backend.cuda.driver");

    @ArchTest
    static final ArchRule theTokenizerLibraryHasOneUser = only("ai.djl..", "dev.weir.tokenizer");

    @ArchTest
    static final ArchRule theCommandLineLibrariesHaveOneUser = only("picocli..", "dev.weir.cli");

    @ArchTest
    static final ArchRule theProgressBarHasOneUser = only("me.tongfei..", "dev.weir.cli");

    @ArchTest
    static final ArchRule arrowHasOneUser = only("org.apache.arrow..", "dev.weir.corpus");

    @ArchTest
    static final ArchRule flatbuffersHaveOneUser = only("com.google.flatbuffers..", "dev.weir.corpus");

    @ArchTest
    static final ArchRule langChain4jHasOneUser = only("dev.langchain4j..", "dev.weir.langchain4j");

    @ArchTest
    static final ArchRule jsonHasFewUsers = only(
            "com.fasterxml.jackson..",
            "dev.weir.tokenizer",
            "dev.weir.chat",
            "dev.weir.checkpoint",
            "dev.weir.edit",
            "dev.weir.corpus",
            "dev.weir.sae",
            "dev.weir.report",
            "dev.weir.server",
            "dev.weir.cli");

    @ArchTest
    static final ArchRule theWebServerHasOneUser = only("io.helidon..", "dev.weir.server");

    @ArchTest
    static final ArchRule theTemplateLibraryHasOneUser = only("com.hubspot..", "dev.weir.chat");

    @ArchTest
    static final ArchRule micrometerHasOneUser = only("io.micrometer..", "dev.weir.metrics");

    @ArchTest
    static final ArchRule commonsMathHasThreeUsers =
            only("org.apache.commons..", "dev.weir.lens", "dev.weir.patching", "dev.weir.steering");

    private static ArchRule only(String library, String... users) {
        return noClasses()
                .that()
                .resideOutsideOfPackages(users)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library);
    }

    @ArchTest
    static final ArchRule onlyTheCommandLinePrints = noClasses()
            .that()
            .resideOutsideOfPackage("dev.weir.cli")
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err");

    /** A native library belongs to the process, whoever loads it. */
    @ArchTest
    static final ArchRule nothingElseBelongsToTheProcess = noFields()
            .that()
            .areDeclaredInClassesThat()
            .doNotHaveFullyQualifiedName("dev.weir.tokenizer.NativeLibrary")
            .and()
            .areDeclaredInClassesThat()
            .doNotHaveFullyQualifiedName("dev.weir.backend.cpu.onednn.OneDnn")
            .and()
            .areDeclaredInClassesThat()
            .doNotHaveFullyQualifiedName("dev.weir.backend.cuda.driver.Driver")
            .and()
            .areNotFinal()
            .should()
            .beStatic();

    @ArchTest
    static final ArchRule opsAreData = classes()
            .that()
            .implement(Op.class)
            .and()
            .areNotInterfaces()
            .should()
            .beRecords();

    @ArchTest
    static final ArchRule anIdeaHasAName = noClasses()
            .should()
            .haveSimpleNameStartingWith("Abstract")
            .orShould()
            .haveNameMatching(".*(Manager|Utils?|Helper|Impl)")
            .orShould()
            .resideInAnyPackage("..util..", "..common..", "..impl..");
}
