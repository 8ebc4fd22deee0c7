// One after another: rings, ports, descriptors and locked memory are the process's, and the leak check counts them.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
