package dev.weir.backend.cuda.driver;

import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.JCudaDriver;

/** Work that was captured from a stream, ready to be given to the device as a whole. */
public final class Graph implements AutoCloseable {

    private final Gpu gpu;
    private final CUgraphExec executable = new CUgraphExec();
    private final Holding holding;

    /** @param captured given back here */
    Graph(Gpu gpu, CUgraph captured) {
        this.gpu = gpu;
        int code = JCudaDriver.cuGraphInstantiate(executable, captured, 0);
        gpu.closing("giving back a captured graph", () -> JCudaDriver.cuGraphDestroy(captured));
        gpu.check(code, "preparing a graph");
        this.holding = gpu.hold("a graph", () -> JCudaDriver.cuGraphExecDestroy(executable));
    }

    /** Begins the work behind what the stream already has. */
    public void launch(Stream stream) {
        holding.use();
        gpu.check(JCudaDriver.cuGraphLaunch(executable, stream.handle()), "launching a graph");
    }

    @Override
    public void close() {
        holding.close();
    }
}
