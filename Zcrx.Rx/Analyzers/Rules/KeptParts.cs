namespace Zcrx.Rx.Analyzers;

/// <summary>Specifies the elements that an operator keeps beyond <c>OnNext</c>.</summary>
[Flags]
internal enum KeptParts
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The elements of the sequence on which the operator is called.</summary>
    Source = 1,

    /// <summary>The elements of the operator's other sequences.</summary>
    Others = 2,

    /// <summary>The elements of all sequences of the operator.</summary>
    All = Source | Others,

    /// <summary>The operator drops some elements before they reach the observer. Their leases would never be released.</summary>
    Drops = 4,
}
