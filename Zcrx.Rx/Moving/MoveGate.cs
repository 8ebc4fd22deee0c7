using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Moving;

/// <summary>Admits one move of a connection at a time. Thread-safe.</summary>
internal sealed class MoveGate
{
    // The task completes when the move ends.
    private TaskCompletionSource? _moving;

    /// <summary>Gets a value indicating whether the connection is being moved.</summary>
    public bool IsMoving => Volatile.Read(ref _moving) is not null;

    /// <summary>Enters unless the connection is being moved.</summary>
    public bool TryEnter() => Interlocked.CompareExchange(ref _moving, NewMove(), null) is null;

    /// <summary>Enters as soon as no other move is in progress.</summary>
    public async Task EnterAsync()
    {
        TaskCompletionSource moving = NewMove();
        while (Interlocked.CompareExchange(ref _moving, moving, null) is { } other)
        {
            await other.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Ends the move. Called only by the caller that entered.</summary>
    public void Leave() => Interlocked.Exchange(ref _moving, null)!.SetResult();

    private static TaskCompletionSource NewMove() => new(Threads.ContinuationOptions);
}
