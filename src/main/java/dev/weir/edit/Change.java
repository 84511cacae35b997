package dev.weir.edit;

/** What is done to a value. */
sealed interface Change {

    /** x + s v */
    record Add(Source source) implements Change {}

    /** f x */
    record Scale(float factor) implements Change {}

    /** The mean of rows instead. */
    record Mean(Source source) implements Change {}

    /** Other rows instead. */
    record Replace(Source source) implements Change {}

    /** Without what lies along a direction. */
    record Project(Source source) implements Change {}

    /** Without a branch. */
    record Skip() implements Change {}

    /** Without the skip connection past a branch. */
    record Plain() implements Change {}

    /** The word for it in a sentence. */
    default String word() {
        return switch (this) {
            case Add add -> "add";
            case Scale scale -> "scale";
            case Mean mean -> "mean";
            case Replace replace -> "replace";
            case Project project -> "project";
            case Skip skip -> "skip";
            case Plain plain -> "plain";
        };
    }
}
