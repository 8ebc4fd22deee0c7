namespace Zcrx.Actors;

/// <summary>What the supervisor can be told or asked. Immutable; unknown senders get the answer named at each command.</summary>
public abstract record ZcrxCommand
{
    private ZcrxCommand()
    {
    }

    /// <summary>How everything stands. Answered with <see cref="ZcrxStatus"/>.</summary>
    public sealed record GetStatus : ZcrxCommand;

    /// <summary>
    /// Asks to be told once every listener is bound and every queue is open. Answered with <see cref="ZcrxStatus"/>, or with
    /// <see cref="Akka.Actor.Status.Failure"/> that carries the exception because of which this will not happen.
    /// </summary>
    public sealed record WhenStarted : ZcrxCommand;

    /// <summary>
    /// Stops accepting, delivers what has arrived, closes everything, and ends the supervisor. Answered with the last
    /// <see cref="ZcrxStatus"/>. May be sent again, for example with less time.
    /// </summary>
    /// <param name="Drain">How long delivering may take; zero for not at all.</param>
    public sealed record Stop(TimeSpan Drain) : ZcrxCommand;

    /// <summary>
    /// Closes one queue after delivering what has arrived, and opens it again; a queue that had failed for good is tried again.
    /// Answered with its <see cref="QueueStatus"/> once it is open again or has failed, or with <see cref="Akka.Actor.Status.Failure"/> when there is no such queue.
    /// </summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="Drain">How long delivering may take; null for the configured time.</param>
    public sealed record RestartQueue(string Queue, TimeSpan? Drain = null) : ZcrxCommand;
}
