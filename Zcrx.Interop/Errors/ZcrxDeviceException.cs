namespace Zcrx.Interop;

/// <summary>Thrown when the interface or its queue does not exist, was removed, or is not set up for zero-copy receive.</summary>
/// <remarks>
/// A change of the device or of its settings can remove the cause. For features that the driver lacks, see
/// <see cref="ZcrxUnsupportedException"/>.
/// </remarks>
public sealed class ZcrxDeviceException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxDeviceException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
