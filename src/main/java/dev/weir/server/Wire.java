package dev.weir.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** How an answer is written: as a completion or as a chat. */
interface Wire {

    /** What every object of an answer begins with, piece by piece or whole. */
    ObjectNode envelope(boolean isPiece);

    /** The first thing to tell of a choice whose prompt has been read. */
    Optional<ObjectNode> opening(ChoiceText choice);

    /** A piece of a choice. */
    ObjectNode piece(ChoiceText choice, ChoiceText.Delta delta);

    /** The last of a choice: why it ended, and what had not been told. */
    ObjectNode ending(ChoiceText choice, ChoiceText.Delta rest);

    /** All of a choice. */
    ObjectNode whole(ChoiceText choice, ChoiceText.Delta all);
}
