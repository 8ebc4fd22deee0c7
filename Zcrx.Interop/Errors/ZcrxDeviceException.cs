namespace Zcrx.Interop;

/// <summary>Thrown when the interface or its queue does not exist, was removed, or is not set up for zero-copy receive.</summary>
/// <remarks>
/// A change of the device or its settings can remove the cause. When the driver lacks a feature, <see cref="ZcrxUnsupportedException"/> is
/// thrown instead.
/// </remarks>
public sealed class ZcrxDeviceException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxDeviceException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
