package dev.weir.cli;

/**
 * One thing that a doctor looked at.
 *
 * @param found in a line
 * @param advice what to do about it; empty where there is nothing to do
 */
record Finding(String name, Status status, String found, String advice) {

    /** How it is. */
    enum Status {
        /** It works. */
        OK("ok"),
        /** It is not there; nothing needs it. */
        ABSENT("absent"),
        /** It is there, or needed, and does not work. */
        BROKEN("broken");

        private final String label;

        Status(String label) {
            this.label = label;
        }

        String label() {
            return label;
        }
    }

    static Finding ok(String name, String found) {
        return new Finding(name, Status.OK, found, "");
    }

    static Finding absent(String name, String found, String advice) {
        return new Finding(name, Status.ABSENT, found, advice);
    }

    static Finding broken(String name, String found, String advice) {
        return new Finding(name, Status.BROKEN, found, advice);
    }
}
