namespace Zcrx.Actors.Queues;

/// <summary>Specifies a change that <see cref="StuckMachine"/> has found.</summary>
internal enum StuckStep
{
    /// <summary>Nothing has changed.</summary>
    None,

    /// <summary>The queue has become stuck.</summary>
    Began,

    /// <summary>The queue has been stuck so long that the liveness check fails from now on.</summary>
    FailsLiveness,

    /// <summary>The stuck turn has ended, and the queue receives again.</summary>
    Ended,
}
