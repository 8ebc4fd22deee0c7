namespace Zcrx.Interop.Leases;

/// <summary>Represents the loan of one borrowed buffer, for the checks of checking mode.</summary>
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
