package dev.weir.report;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;

/** Numbers as the page reads them: little-endian, in Base64, with the name of the JavaScript array that they become. */
final class Packed {

    private Packed() {}

    static ObjectNode floats(float[] values, int... shape) {
        byte[] bytes = new byte[values.length * Float.BYTES];
        little(bytes).asFloatBuffer().put(values);
        return node("Float32Array", bytes, shape);
    }

    static ObjectNode integers(int[] values, int... shape) {
        byte[] bytes = new byte[values.length * Integer.BYTES];
        little(bytes).asIntBuffer().put(values);
        return node("Int32Array", bytes, shape);
    }

    static ObjectNode shorts(char[] values, int... shape) {
        byte[] bytes = new byte[values.length * Character.BYTES];
        little(bytes).asCharBuffer().put(values);
        return node("Uint16Array", bytes, shape);
    }

    static ObjectNode bytes(byte[] values, int... shape) {
        return node("Uint8Array", values, shape);
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ObjectNode node(String array, byte[] bytes, int... shape) {
        ObjectNode node = JsonNodeFactory.instance.objectNode().put("array", array);
        for (int size : shape) {
            node.withArray("/shape").add(size);
        }
        return node.put("base64", Base64.getEncoder().encodeToString(bytes));
    }
}
