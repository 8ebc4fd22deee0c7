namespace Zcrx.Actors;

/// <summary>Where a queue stands.</summary>
public enum QueueState
{
    /// <summary>Being opened.</summary>
    Opening,

    /// <summary>Receives.</summary>
    Open,

    /// <summary>Failed; waits to be opened again.</summary>
    Restarting,

    /// <summary>Failed, and stays closed until it is told to restart.</summary>
    Failed,

    /// <summary>Delivers what has arrived, then closes.</summary>
    Stopping,

    /// <summary>Closed.</summary>
    Stopped,
}
