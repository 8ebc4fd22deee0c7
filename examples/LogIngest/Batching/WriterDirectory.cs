using Akka.Actor;

namespace LogIngest.Batching;

/// <summary>Distributes connections over the writers. All messages of a connection go to one writer, which keeps their order.</summary>
/// <remarks>Threading: any thread.</remarks>
internal sealed class WriterDirectory
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IActorRef[] _writers = [];
    private int _next = -1;

    /// <summary>Gets a task that ends when the writers have started. Connections must not be accepted before.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Sets the writers for new connections. The connections of an ended writer are reset.</summary>
    public void Set(IActorRef[] writers)
    {
        Volatile.Write(ref _writers, writers);
        _ready.TrySetResult();
    }

    /// <summary>Returns the writer of the next connection.</summary>
    public IActorRef Next()
    {
        IActorRef[] writers = Volatile.Read(ref _writers);
        return writers[(int)((uint)Interlocked.Increment(ref _next) % (uint)writers.Length)];
    }
}
