namespace Zcrx.Interop.Tests.Leases;

/// <summary>Specifies an operation of one side of a race for a buffer.</summary>
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
