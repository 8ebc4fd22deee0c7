namespace Zcrx.Rx.Analyzers;

/// <summary>Specifies how long the elements of a sequence are valid, and which side releases them.</summary>
internal enum Ownership
{
    /// <summary>The ownership is unknown, or the elements own their memory and need no release.</summary>
    Unknown,

    /// <summary>Valid until <c>OnNext</c> returns.</summary>
    Borrowed,

    /// <summary>Leases that the operator releases when <c>OnNext</c> returns.</summary>
    Lent,

    /// <summary>Leases that the consumer has to release.</summary>
    Owned,
}
