namespace Zcrx.Interop;

/// <summary>Thrown when options are invalid. Contains the errors of all options, each with its configuration path.</summary>
/// <remarks>
/// <see cref="ZcrxException.ErrorNumber"/> is the kernel's errno if the kernel refused a value. Usually the exception is thrown before any
/// system call, and the number is 0.
/// </remarks>
public sealed class ZcrxConfigurationException : ZcrxException
{
    private const string DefaultFix = "Correct the configuration";

    /// <summary>Initializes the exception for options that were refused before a system call.</summary>
    /// <param name="errors">The errors; at least one.</param>
    /// <exception cref="ArgumentException"><paramref name="errors"/> is empty.</exception>
    public ZcrxConfigurationException(IEnumerable<ZcrxConfigurationError> errors)
        : this("Checking the configuration", errorNumber: 0, Copy(errors), DefaultFix)
    {
    }

    /// <summary>Initializes the exception for one option that the kernel refused.</summary>
    /// <param name="operation">The operation that failed, as the start of a sentence.</param>
    /// <param name="errorNumber">The kernel's errno, of either sign.</param>
    /// <param name="error">The option and its error.</param>
    /// <param name="fix">The remedy, as a sentence without a full stop.</param>
    public ZcrxConfigurationException(string operation, int errorNumber, ZcrxConfigurationError error, string fix)
        : this(operation, errorNumber, [error], fix)
    {
    }

    private ZcrxConfigurationException(string operation, int errorNumber, ZcrxConfigurationError[] errors, string fix)
        : base(operation, errorNumber, string.Join("; ", errors), fix) =>
        Errors = Array.AsReadOnly(errors);

    /// <summary>Gets all errors, in the order in which they were found. Never empty.</summary>
    public IReadOnlyList<ZcrxConfigurationError> Errors { get; }

    /// <summary>Throws if a validation has found errors.</summary>
    /// <param name="errors">The errors.</param>
    /// <exception cref="ZcrxConfigurationException">There are errors.</exception>
    public static void ThrowIfAny(IReadOnlyCollection<ZcrxConfigurationError> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        if (errors.Count > 0)
        {
            throw new ZcrxConfigurationException(errors);
        }
    }

    private static ZcrxConfigurationError[] Copy(IEnumerable<ZcrxConfigurationError> errors)
    {
        ZcrxConfigurationError[] copy = [.. errors];
        return copy.Length > 0 ? copy : throw new ArgumentException("At least one error is needed.", nameof(errors));
    }
}
