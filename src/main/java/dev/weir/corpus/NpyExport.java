package dev.weir.corpus;

import dev.weir.hook.HookPoint;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A dump as plain arrays, each a file that {@code np.load} maps: for every point {@code <name>.npy} [rows, width], and {@code token_ids} and
 * {@code positions} int32 [rows], {@code sequence_offsets} int64 [sequences + 1]. {@code manifest.json} says where they come from.
 */
public final class NpyExport {

    private NpyExport() {}

    /**
     * Writes the arrays of a dump. Values are as they are stored; bfloat16, which numpy lacks, becomes float32.
     *
     * @param out a folder that is not there yet; it appears when it is whole
     * @throws IllegalArgumentException if it is there, or has no room
     */
    public static void write(CorpusDump dump, Path out) throws IOException {
        try (CorpusRows rows = CorpusRows.open(dump);
                ExportFolder folder = ExportFolder.create(out, bytes(dump))) {
            for (HookPoint point : dump.points()) {
                array(
                        folder,
                        point.name(),
                        CorpusRows.exported(dump.type()),
                        shape(dump, point),
                        file -> rows.copyValues(point, 0, dump.rows(), file));
            }
            List<Long> all = List.of(dump.rows());
            array(folder, ShardFormat.TOKEN_IDS, DType.INT32, all, file -> rows.copyTokens(0, dump.rows(), file));
            array(folder, ShardFormat.POSITIONS, DType.INT32, all, file -> rows.copyPositions(0, dump.rows(), file));
            array(
                    folder,
                    ShardFormat.OFFSETS,
                    DType.INT64,
                    List.of(dump.sequences() + 1L),
                    file -> offsets(rows.offsets(), file));
            Files.copy(dump.folder().resolve(ManifestFile.NAME), folder.file(ManifestFile.NAME));
            folder.commit();
        }
    }

    private static List<Long> shape(CorpusDump dump, HookPoint point) {
        return List.of(dump.rows(), (long) dump.width(point));
    }

    /** Without the headers, which are small. */
    private static long bytes(CorpusDump dump) {
        long values = dump.points().stream().mapToLong(dump::width).sum();
        long row = values * CorpusRows.exported(dump.type()).bytes() + 2L * Integer.BYTES;
        return dump.rows() * row + (dump.sequences() + 1L) * Long.BYTES;
    }

    private interface Data {
        void writeTo(WritableByteChannel file) throws IOException;
    }

    private static void array(ExportFolder folder, String name, DType type, List<Long> shape, Data data)
            throws IOException {
        try (FileChannel file = NpyFile.create(folder.file(name + ".npy"), type, shape)) {
            data.writeTo(file);
        }
    }

    private static void offsets(long[] offsets, WritableByteChannel file) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(offsets.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(offsets);
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }
}
