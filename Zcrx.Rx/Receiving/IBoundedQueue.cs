namespace Zcrx.Rx.Receiving;

/// <summary>Represents an operator in which items of a connection wait, up to a bound. Thread-safe.</summary>
internal interface IBoundedQueue
{
    /// <summary>Gets the number of items that wait.</summary>
    int Waiting { get; }

    /// <summary>Gets the number of items that may wait.</summary>
    int Bound { get; }

    /// <summary>Gets the name of the parameter that sets the bound.</summary>
    string BoundName { get; }
}
