namespace Zcrx.Interop.Leases;

/// <summary>Represents the borrow of one buffer.</summary>
internal sealed class BufferLoan(BorrowScope scope, long version) : Loan
{
    public override void Check()
    {
        if (!scope.IsValid(version))
        {
            BorrowScope.ThrowEnded();
        }
    }
}
