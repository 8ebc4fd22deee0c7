namespace Zcrx.Interop;

/// <summary>Whoever writes a queue's refill entries. There is one at a time: the kernel knows one tail.</summary>
internal interface IRefillProducer
{
    /// <summary>Publishes what it has written, and writes nothing more. What it gets back from now on goes to <see cref="QueueMemory.Return"/>.</summary>
    /// <returns>A task that ends when that is so.</returns>
    Task CedeAsync();

    /// <summary>Writes the entries from now on, behind the published tail.</summary>
    /// <returns>False when it cannot, because it has ended.</returns>
    Task<bool> BeginAsync();

    /// <summary>There are buffers to be taken from <see cref="QueueMemory.TryTake"/>. Any thread.</summary>
    void Wake();
}
