package dev.weir.corpus;

import com.google.flatbuffers.FlatBufferBuilder;
import dev.weir.hook.HookPoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.RecordBatch;

/**
 * A file in Arrow's IPC streaming format: a schema, record batches and a mark at the end, each a flatbuffer that is followed by the
 * data that it speaks of. Rows go from the shards to the file without a stop in memory. Nothing is null, so no validity is written.
 *
 * @see <a href="https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format">the format</a>
 */
final class ArrowStream implements AutoCloseable {

    private static final int ALIGNMENT = 8;
    private static final int CONTINUATION = -1;

    private final FileChannel file;
    private final CorpusRows rows;
    private final DatasetFeatures features;

    private ArrowStream(FileChannel file, CorpusRows rows, DatasetFeatures features) {
        this.file = file;
        this.rows = rows;
        this.features = features;
    }

    /**
     * One example of the dataset.
     *
     * @param firstRow of the dump
     * @param rows from there on
     */
    record Example(long firstRow, int rows) {}

    static ArrowStream create(Path path, CorpusRows rows, DatasetFeatures features) throws IOException {
        var file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        var stream = new ArrowStream(file, rows, features);
        try {
            var builder = new FlatBufferBuilder();
            stream.message(builder, MessageHeader.Schema, ArrowSchema.write(builder, features), 0);
            return stream;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Adds consecutive examples, which the reader finds together. */
    void batch(List<Example> examples) throws IOException {
        var body = new Body(examples);
        var builder = new FlatBufferBuilder();
        message(builder, MessageHeader.RecordBatch, body.write(builder), body.bytes);
        for (Part part : body.parts) {
            part.data.writeTo(file);
            pad(part.bytes);
        }
    }

    private void message(FlatBufferBuilder builder, byte kind, int header, long bodyBytes) throws IOException {
        builder.finish(Message.createMessage(builder, MetadataVersion.V5, kind, header, bodyBytes, 0));
        ByteBuffer metadata = builder.dataBuffer();
        int padded = Math.ceilDiv(metadata.remaining(), ALIGNMENT) * ALIGNMENT;
        write(numbers(2).putInt(CONTINUATION).putInt(padded).flip());
        int length = metadata.remaining();
        write(metadata);
        pad(length);
    }

    private static ByteBuffer numbers(int count) {
        return ByteBuffer.allocate(count * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void pad(long bytes) throws IOException {
        write(ByteBuffer.allocate((int) (aligned(bytes) - bytes)));
    }

    private static long aligned(long bytes) {
        return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }

    private interface Data {
        void writeTo(FileChannel file) throws IOException;
    }

    /** A buffer of the body. */
    private record Part(long bytes, Data data) {}

    /** The data of a batch: the nodes and buffers of each column, outermost first. */
    private final class Body {
        private final List<Example> examples;
        private final List<Long> nodes = new ArrayList<>();
        private final List<Part> parts = new ArrayList<>();
        private final long bytes;

        Body(List<Example> examples) {
            this.examples = examples;
            features.columns().forEach(this::matrix);
            tokens();
            bytes = parts.stream().mapToLong(part -> aligned(part.bytes)).sum();
        }

        private long allRows() {
            return examples.stream().mapToLong(Example::rows).sum();
        }

        private void matrix(Recipe.Column column) {
            HookPoint point = HookPoint.named(column.name());
            node(examples.size());
            offsets(exampleEnds());
            node(allRows());
            offsets(LongStream.rangeClosed(0, allRows()).map(row -> row * column.width()));
            long values = allRows() * column.width();
            node(values);
            parts.add(new Part(values * features.type().bytes(), out -> {
                for (Example example : examples) {
                    rows.copyValues(point, example.firstRow, example.rows, out);
                }
            }));
        }

        private void tokens() {
            node(examples.size());
            if (features.length().isEmpty()) {
                offsets(exampleEnds());
            }
            node(allRows());
            parts.add(new Part(allRows() * Integer.BYTES, out -> {
                for (Example example : examples) {
                    rows.copyTokens(example.firstRow, example.rows, out);
                }
            }));
        }

        /** A node, and in front of its data a validity that is left out. */
        private void node(long length) {
            nodes.add(length);
            parts.add(new Part(0, out -> {}));
        }

        private LongStream exampleEnds() {
            long[] ends = new long[examples.size() + 1];
            for (int e = 0; e < examples.size(); e++) {
                ends[e + 1] = ends[e] + examples.get(e).rows;
            }
            return LongStream.of(ends);
        }

        /** Where the elements of a list begin, and where the last of them ends. */
        private void offsets(LongStream offsets) {
            int[] all = offsets.mapToInt(Math::toIntExact).toArray();
            parts.add(new Part((long) all.length * Integer.BYTES, out -> {
                ByteBuffer bytes = numbers(all.length);
                bytes.asIntBuffer().put(all);
                ArrowStream.this.write(bytes);
            }));
        }

        /** Adds the description of the batch to a message. Flatbuffers are built from their ends. */
        int write(FlatBufferBuilder builder) {
            RecordBatch.startNodesVector(builder, nodes.size());
            for (long length : nodes.reversed()) {
                FieldNode.createFieldNode(builder, length, 0);
            }
            int nodeVector = builder.endVector();
            RecordBatch.startBuffersVector(builder, parts.size());
            long end = bytes;
            for (Part part : parts.reversed()) {
                end -= aligned(part.bytes);
                Buffer.createBuffer(builder, end, part.bytes);
            }
            int bufferVector = builder.endVector();
            return RecordBatch.createRecordBatch(builder, examples.size(), nodeVector, bufferVector, 0, 0);
        }
    }

    /** Marks the end. */
    @Override
    public void close() throws IOException {
        try (file) {
            write(numbers(2).putInt(CONTINUATION).putInt(0).flip());
        }
    }
}
