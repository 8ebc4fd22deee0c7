// Tests run one after another: rings, ports, descriptors and locked memory belong to the process, and the leak check counts them.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
