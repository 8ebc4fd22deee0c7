// Tests run one after another, because the leak check counts descriptors and memory of the whole process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
