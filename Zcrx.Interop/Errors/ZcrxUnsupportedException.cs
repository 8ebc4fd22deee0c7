namespace Zcrx.Interop;

/// <summary>Thrown when this kernel or device does not support an operation. A retry cannot succeed.</summary>
/// <remarks>Zcrx chooses the engine before it opens a queue. This error therefore does not make it choose another engine.</remarks>
public sealed class ZcrxUnsupportedException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxUnsupportedException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
