namespace Zcrx.Rx.Receiving;

/// <summary>Represents an operator that queues items of a connection up to a bound. Thread-safe.</summary>
internal interface IBoundedQueue
{
    /// <summary>Gets the number of items in the queue.</summary>
    int Waiting { get; }

    /// <summary>Gets the largest number of items that the queue may hold.</summary>
    int Bound { get; }

    /// <summary>Gets the name of the operator's parameter that sets the bound.</summary>
    string BoundName { get; }
}
