namespace Zcrx.Rx.Takeover;

/// <summary>Specifies the messages of a takeover. The numbers are part of the protocol.</summary>
internal enum TakeoverMessageType : ushort
{
    /// <summary>Successor: announces itself, and requests an offer.</summary>
    Hello = 1,

    /// <summary>Predecessor: offers listeners and queues, with their descriptors.</summary>
    Offer = 2,

    /// <summary>Successor: everything is open. The predecessor releases the offer.</summary>
    Commit = 3,

    /// <summary>Predecessor: has stopped accepting.</summary>
    Released = 4,

    /// <summary>Either: refuses, with the reason.</summary>
    Refuse = 5,
}
