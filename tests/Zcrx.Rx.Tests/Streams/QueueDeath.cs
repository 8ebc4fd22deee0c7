namespace Zcrx.Rx.Tests.Streams;

/// <summary>Specifies how a queue ends.</summary>
public enum QueueDeath
{
    /// <summary>On demand.</summary>
    Planned,

    /// <summary>Its thread throws.</summary>
    RingThread,

    /// <summary>The ring's descriptor is closed.</summary>
    RingDescriptor,
}
