namespace Zcrx.Rx.Tests.Streams;

/// <summary>Specifies how a queue ends.</summary>
public enum QueueDeath
{
    /// <summary>The application suspends the queue.</summary>
    Planned,

    /// <summary>The ring thread throws.</summary>
    RingThread,

    /// <summary>The descriptor of the ring is closed, so each call on the ring fails.</summary>
    RingDescriptor,
}
