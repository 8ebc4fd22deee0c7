namespace Zcrx.Interop;

/// <summary>Options that cannot work, all of them at once, each by its configuration path.</summary>
/// <remarks>
/// Usually thrown before any system call, with <see cref="ZcrxException.ErrorNumber"/> 0; with the kernel's errno when it was the kernel
/// that refused a value.
/// </remarks>
public sealed class ZcrxConfigurationException : ZcrxException
{
    private const string DefaultFix = "Correct the configuration";

    /// <summary>Options refused before the kernel was asked.</summary>
    /// <param name="errors">Every error found; at least one.</param>
    /// <exception cref="ArgumentException">There is no error in <paramref name="errors"/>.</exception>
    public ZcrxConfigurationException(IEnumerable<ZcrxConfigurationError> errors)
        : this("Checking the configuration", errorNumber: 0, Copy(errors), DefaultFix)
    {
    }

    /// <summary>One option that the kernel refused.</summary>
    /// <param name="operation">What was being done.</param>
    /// <param name="errorNumber">The kernel's errno, of either sign.</param>
    /// <param name="error">The option and what is wrong with it.</param>
    /// <param name="fix">What would help: a sentence without a full stop.</param>
    public ZcrxConfigurationException(string operation, int errorNumber, ZcrxConfigurationError error, string fix)
        : this(operation, errorNumber, [error], fix)
    {
    }

    private ZcrxConfigurationException(string operation, int errorNumber, ZcrxConfigurationError[] errors, string fix)
        : base(operation, errorNumber, string.Join("; ", errors), fix) =>
        Errors = Array.AsReadOnly(errors);

    /// <summary>All errors, in the order in which they were found; never empty.</summary>
    public IReadOnlyList<ZcrxConfigurationError> Errors { get; }

    /// <summary>Throws when a check has found anything.</summary>
    /// <param name="errors">What it found.</param>
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
