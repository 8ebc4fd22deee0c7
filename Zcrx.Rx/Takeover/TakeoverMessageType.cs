namespace Zcrx.Rx.Takeover;

/// <summary>What two processes say to each other. The numbers are part of the protocol.</summary>
internal enum TakeoverMessageType : ushort
{
    /// <summary>Successor: who I am; tell me what you have.</summary>
    Hello = 1,

    /// <summary>Predecessor: what I have, with its descriptors.</summary>
    Offer = 2,

    /// <summary>Successor: everything is open; let go, from now on it is mine.</summary>
    Commit = 3,

    /// <summary>Predecessor: I accept nothing more.</summary>
    Released = 4,

    /// <summary>Either: no, and why.</summary>
    Refuse = 5,
}
