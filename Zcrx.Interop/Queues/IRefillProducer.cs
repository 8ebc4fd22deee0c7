namespace Zcrx.Interop;

/// <summary>Writes the refill entries of a queue. A queue has one producer at a time, because the kernel reads one tail.</summary>
internal interface IRefillProducer
{
    /// <summary>
    /// Publishes the written entries and stops writing. From then on, the producer must pass returned buffers to
    /// <see cref="QueueMemory.Return"/>.
    /// </summary>
    /// <returns>A task that ends when this producer has stopped.</returns>
    Task CedeAsync();

    /// <summary>Begins to write entries after the last published one.</summary>
    /// <returns>False when the producer cannot write, because it has ended.</returns>
    Task<bool> BeginAsync();

    /// <summary>Notifies the producer that it can get returned buffers from <see cref="QueueMemory.TryTake"/>. Any thread.</summary>
    void Wake();
}
