package dev.weir.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.webserver.http.ServerResponse;

/** The endpoints that tell which models there are: one. */
final class Models {

    private Models() {}

    /** {@code /v1/models}. */
    static void list(Serving serving, ServerResponse response) {
        ObjectNode body = Json.object().put("object", "list");
        body.putArray("data").add(model(serving));
        Replies.json(response, 200, body);
    }

    /** {@code /v1/models/ID}. */
    static void one(Serving serving, String id, ServerResponse response) {
        if (!id.equals(serving.name())) {
            throw new RefusalException(serving.unknownModel());
        }
        Replies.json(response, 200, model(serving));
    }

    private static ObjectNode model(Serving serving) {
        ObjectNode model = Json.object();
        model.put("id", serving.name());
        model.put("object", "model");
        model.put("created", serving.created());
        model.put("owned_by", "weir");
        model.put("max_model_len", serving.weir().config().context());
        model.putObject("weir").put("trace", serving.insight().isPresent());
        return model;
    }
}
