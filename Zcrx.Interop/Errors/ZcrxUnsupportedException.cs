namespace Zcrx.Interop;

/// <summary>Thrown when this kernel or device does not support an operation. A retry cannot succeed.</summary>
/// <remarks>Zcrx does not catch this error to fall back to another engine, because it chooses the engine before it opens a queue.</remarks>
public sealed class ZcrxUnsupportedException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxUnsupportedException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
