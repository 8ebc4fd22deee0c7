using Zcrx.Interop.Errors;

namespace Zcrx.Interop;

/// <summary>Represents the failure of an operation of Zcrx, with its cause and a remedy.</summary>
/// <remarks>
/// Thrown while something is set up, changed or torn down, never for a completion: errors on the data path are numbers.
/// Callers branch on the derived types. This type covers failures that fit none of them.
/// Immutable.
/// </remarks>
public class ZcrxException : Exception
{
    /// <summary>Initializes an error that fits none of the derived types.</summary>
    /// <param name="operation">The operation that failed, as the start of a sentence: <c>Setting up a ring</c>.</param>
    /// <param name="errorNumber">The kernel's errno, of either sign; 0 without a system call.</param>
    /// <param name="cause">The cause: a clause that can follow a colon, without a full stop.</param>
    /// <param name="fix">The remedy: a sentence without a full stop; empty when none is known.</param>
    /// <param name="innerException">The exception that caused this one, if any.</param>
    public ZcrxException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(Compose(operation, errorNumber, cause, fix), innerException)
    {
        Operation = operation;
        ErrorNumber = ErrnoText.Positive(errorNumber);
        Cause = cause;
        Fix = fix;
    }

    /// <summary>Gets the operation that failed: <c>Registering RX queue 3 of eth0</c>.</summary>
    public string Operation { get; }

    /// <summary>Gets the kernel's errno as a positive number; 0 without a system call.</summary>
    public int ErrorNumber { get; }

    /// <summary>Gets the errno's C name (<c>EINVAL</c>); an empty string when <see cref="ErrorNumber"/> is 0.</summary>
    public string ErrorName => ErrorNumber == 0 ? "" : ErrnoText.Name(ErrorNumber);

    /// <summary>Gets the cause, as far as the kernel and the known facts determine it.</summary>
    public string Cause { get; }

    /// <summary>Gets the likely remedy; an empty string when none is known.</summary>
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
