using Akka.Actor;

namespace LogIngest.Batching;

/// <summary>Distributes connections over the writers. All messages of a connection go to one writer, which keeps their order.</summary>
internal sealed class WriterDirectory
{
    private IActorRef[] _writers = [];
    private int _next = -1;

    /// <summary>Sets the writers. Must be called before connections are accepted.</summary>
    public void Set(IActorRef[] writers) => Volatile.Write(ref _writers, writers);

    /// <summary>Returns the writer of the next connection.</summary>
    public IActorRef Next() => _writers[(int)((uint)Interlocked.Increment(ref _next) % (uint)_writers.Length)];
}
