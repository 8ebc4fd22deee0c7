namespace Zcrx.Interop.Leases;

/// <summary>Represents the time for which bytes are lent to an observer. Used only where borrows are checked.</summary>
internal abstract class Loan
{
    /// <summary>Throws when the loan has ended. Any thread.</summary>
    public abstract void Check();
}
