"""The same stories on everything that runs the engine: real processes and brokers, a sandbox over HTTP."""
