using Zcrx.Interop.Errors;

namespace Zcrx.Interop;

/// <summary>Something that Zcrx was told to do could not be done; says what, why, and what would help.</summary>
/// <remarks>
/// Thrown while something is set up, changed or torn down, never for a completion: on the data path an error stays a number.
/// The types derived from this one are what callers branch on; this type itself stands for what fits none of them.
/// Immutable.
/// </remarks>
public class ZcrxException : Exception
{
    /// <summary>An error that fits none of the derived types.</summary>
    /// <param name="operation">What was being done, as the start of a sentence: <c>Setting up a ring</c>.</param>
    /// <param name="errorNumber">The kernel's errno, of either sign; 0 when the kernel was not asked.</param>
    /// <param name="cause">Why it failed: a clause that can follow a colon, without a full stop.</param>
    /// <param name="fix">What would help: a sentence without a full stop; empty when nothing is known to.</param>
    /// <param name="innerException">What led to this, if anything.</param>
    public ZcrxException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(Compose(operation, errorNumber, cause, fix), innerException)
    {
        Operation = operation;
        ErrorNumber = ErrnoText.Positive(errorNumber);
        Cause = cause;
        Fix = fix;
    }

    /// <summary>What was being done: <c>Registering RX queue 3 of eth0</c>.</summary>
    public string Operation { get; }

    /// <summary>The kernel's errno as a positive number, or 0 when the kernel was not asked.</summary>
    public int ErrorNumber { get; }

    /// <summary>The errno's C name (<c>EINVAL</c>), or an empty string when <see cref="ErrorNumber"/> is 0.</summary>
    public string ErrorName => ErrorNumber == 0 ? "" : ErrnoText.Name(ErrorNumber);

    /// <summary>Why it failed, as far as the kernel and the facts at hand allow to say.</summary>
    public string Cause { get; }

    /// <summary>What would likely help, or an empty string.</summary>
    public string Fix { get; }

    private static string Compose(string operation, int errorNumber, string cause, string fix)
    {
        ArgumentNullException.ThrowIfNull(operation);
        ArgumentNullException.ThrowIfNull(cause);
        ArgumentNullException.ThrowIfNull(fix);
        string failed = errorNumber == 0 ? "failed" : "failed with " + ErrnoText.Name(errorNumber);
        return fix.Length == 0 ? $"{operation} {failed}: {cause}." : $"{operation} {failed}: {cause}. {fix}.";
    }
}
