// Turns the signals that a kernel's thread raises into faults of the launch.
#pragma once

namespace software_gpu {

// Other code's signals go to the handlers that were there before: the JVM's own.
void catch_signals();

}  // namespace software_gpu
