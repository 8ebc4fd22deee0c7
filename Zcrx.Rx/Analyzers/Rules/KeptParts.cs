namespace Zcrx.Rx.Analyzers;

/// <summary>Specifies what an operator keeps beyond <c>OnNext</c>.</summary>
[Flags]
internal enum KeptParts
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Elements of the sequence that it is called on.</summary>
    Source = 1,

    /// <summary>Elements of the other sequences that it is given.</summary>
    Others = 2,

    /// <summary>Elements of all sequences that it is given.</summary>
    All = Source | Others,

    /// <summary>Some elements never reach the observer. Leases among them would be lost.</summary>
    Drops = 4,
}
