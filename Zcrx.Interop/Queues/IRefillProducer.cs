namespace Zcrx.Interop;

/// <summary>Writes the refill entries of a queue. A queue has one producer at a time, since the kernel reads one tail.</summary>
internal interface IRefillProducer
{
    /// <summary>
    /// Publishes the written entries and stops writing. Buffers that return later go to <see cref="QueueMemory.Return"/>.
    /// </summary>
    /// <returns>A task that ends when this producer has stopped.</returns>
    Task CedeAsync();

    /// <summary>Begins to write entries, from the published tail on.</summary>
    /// <returns>False when the producer cannot write, because it has ended.</returns>
    Task<bool> BeginAsync();

    /// <summary>Notifies the producer that <see cref="QueueMemory.TryTake"/> returns buffers. Any thread.</summary>
    void Wake();
}
