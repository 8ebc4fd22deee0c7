namespace Zcrx.Actors;

/// <summary>Where the whole tree stands.</summary>
public enum ZcrxState
{
    /// <summary>Not every listener is bound and every queue open yet, for the first time.</summary>
    Starting,

    /// <summary>Started. Single queues may be down: each has its own state.</summary>
    Running,

    /// <summary>Something could not be bound or opened at the start.</summary>
    StartFailed,

    /// <summary>Delivering what has arrived, accepting nothing more.</summary>
    Stopping,

    /// <summary>Everything is closed.</summary>
    Stopped,
}
