package dev.weir.backend.cpu;

import dev.weir.backend.RandomModel;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.Random;
import java.util.zip.CRC32;

/** Runs some models with every point tapped and sums up all bits, in a JVM that a test has started its own way. */
final class BitsOfThisMachine {

    private BitsOfThisMachine() {}

    @SuppressWarnings("SystemOut") // it is what the other JVM says
    public static void main(String[] args) {
        System.out.println(new CpuBackend(1).description() + ": " + sum());
    }

    static long sum() {
        var sum = new CRC32();
        for (DType type : new DType[] {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16}) {
            var config = new ModelConfig(
                    203, 64, 72, 2, 3, 130, Activation.values()[type.ordinal() % 3], 1e-5f, true, false);
            var model = new RandomModel(config, type, 5);
            int[] tokens = new Random(6).ints(41, 0, 203).toArray();
            try (var backend = new CpuBackend(2);
                    var run = model.new Run(backend, 1)) {
                int from = 0;
                for (int to : new int[] {37, 38, 41}) {
                    run.step(RandomModel.rows(tokens, from, to), Hooks.tap(HookPoint.all(2)), true)
                            .values()
                            .forEach((name, values) -> add(sum, values));
                    from = to;
                }
            }
        }
        return sum.getValue();
    }

    private static void add(CRC32 sum, float[] values) {
        for (float value : values) {
            int bits = Float.floatToIntBits(value);
            for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                sum.update(bits >>> shift);
            }
        }
    }
}
