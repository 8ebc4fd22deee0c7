namespace Zcrx.Interop.Tests.Leases;

/// <summary>Specifies what one of two racing threads does with a lease.</summary>
public enum LeaseOperation
{
    Retain,
    Dispose,
    Move,
    Pin,
    Unpin,
    Span,
    Memory,
    StaleAccess,
    KernelReturn,
}
