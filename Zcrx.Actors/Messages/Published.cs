namespace Zcrx.Actors.Messages;

/// <summary>Holds the last snapshot that an actor has published of its state, for readers on other threads.</summary>
/// <remarks>
/// Threading: one actor publishes, any thread reads. A snapshot is immutable and is replaced as one reference, so all values of one
/// snapshot are consistent.
/// </remarks>
internal sealed class Published<T>(T initial)
    where T : class
{
    private T _value = initial;

    /// <summary>Gets the last snapshot.</summary>
    public T Value => Volatile.Read(ref _value);

    /// <summary>Replaces the snapshot. Called by the owner of the state only.</summary>
    public void Publish(T value) => Volatile.Write(ref _value, value);
}
