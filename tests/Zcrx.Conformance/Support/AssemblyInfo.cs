// The leak check counts descriptors and memory of the whole process, so tests must not run at the same time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
