namespace Zcrx.Interop.Leases;

/// <summary>Represents the time during which an observer borrows bytes. Used only in checking mode (option <c>CheckBorrows</c>).</summary>
internal abstract class Loan
{
    /// <summary>Throws when the borrow has ended. Any thread.</summary>
    public abstract void Check();
}
