namespace Zcrx.Rx.Takeover;

/// <summary>Specifies the types of messages in a takeover. The numbers are part of the protocol.</summary>
internal enum TakeoverMessageType : ushort
{
    /// <summary>The successor announces itself and requests an offer.</summary>
    Hello = 1,

    /// <summary>The predecessor offers listeners and queues, with their descriptors.</summary>
    Offer = 2,

    /// <summary>The successor is ready, so the predecessor must release what it has offered.</summary>
    Commit = 3,

    /// <summary>The predecessor has stopped accepting connections.</summary>
    Released = 4,

    /// <summary>Either process refuses the takeover and gives the reason.</summary>
    Refuse = 5,
}
