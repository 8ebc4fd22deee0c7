namespace Zcrx.Interop.Leases;

/// <summary>Represents the loan of one borrowed buffer. Used only in checking mode.</summary>
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
