namespace Zcrx.Interop;

/// <summary>Thrown when this kernel or device does not support an operation. A retry cannot succeed.</summary>
/// <remarks>The automatic choice of an engine precedes the opening of a queue, so this error does not lead to another engine.</remarks>
public sealed class ZcrxUnsupportedException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxUnsupportedException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
