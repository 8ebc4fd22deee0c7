using Zcrx.Interop.Errors;

namespace Zcrx.Interop;

/// <summary>Represents the failure of an operation of Zcrx, with its cause and a remedy.</summary>
/// <remarks>
/// Thrown when a ring, a queue, an interface or a listener cannot be set up, changed or closed. Also thrown when a takeover fails or a
/// ring is broken. A failed receive has a negative errno in its completion instead. The derived types name the kind of failure. This type
/// is thrown when none of them applies. Immutable.
/// </remarks>
public class ZcrxException : Exception
{
    /// <summary>Initializes an exception for a failure to which none of the derived types applies.</summary>
    /// <param name="operation">The operation that failed, as the start of a sentence, for example <c>Setting up a ring</c>.</param>
    /// <param name="errorNumber">The kernel's errno, of either sign; 0 when no system call failed.</param>
    /// <param name="cause">The cause, as a clause that can follow a colon, without a full stop.</param>
    /// <param name="fix">The remedy, as a sentence without a full stop; empty when none is known.</param>
    /// <param name="innerException">The exception that caused this one, if any.</param>
    public ZcrxException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(Compose(operation, errorNumber, cause, fix), innerException)
    {
        Operation = operation;
        ErrorNumber = ErrnoText.Positive(errorNumber);
        Cause = cause;
        Fix = fix;
    }

    /// <summary>Gets the operation that failed, for example <c>Registering RX queue 3 of eth0</c>.</summary>
    public string Operation { get; }

    /// <summary>Gets the kernel's errno as a positive number; 0 when no system call failed.</summary>
    public int ErrorNumber { get; }

    /// <summary>Gets the errno's C name (<c>EINVAL</c>); an empty string when <see cref="ErrorNumber"/> is 0.</summary>
    public string ErrorName => ErrorNumber == 0 ? "" : ErrnoText.Name(ErrorNumber);

    /// <summary>Gets the known cause of the failure.</summary>
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
