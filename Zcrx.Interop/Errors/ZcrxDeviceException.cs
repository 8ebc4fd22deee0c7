namespace Zcrx.Interop;

/// <summary>The interface or its queue is not there, is gone, or is not set up for zero-copy receive.</summary>
/// <remarks>Not for what the driver lacks, which is a <see cref="ZcrxUnsupportedException"/>: here somebody can bring the device into the right state.</remarks>
public sealed class ZcrxDeviceException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxDeviceException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
