namespace Zcrx.Rx.Tests.Streams;

/// <summary>Specifies how a queue ends.</summary>
public enum QueueDeath
{
    /// <summary>The queue is closed on demand.</summary>
    Planned,

    /// <summary>The ring thread throws.</summary>
    RingThread,

    /// <summary>The descriptor of the ring is closed.</summary>
    RingDescriptor,
}
