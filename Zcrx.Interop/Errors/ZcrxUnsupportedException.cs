namespace Zcrx.Interop;

/// <summary>Thrown when this kernel or device does not support an operation. A retry cannot succeed.</summary>
/// <remarks>This error does not make Zcrx fall back to another engine: the engine is chosen before a queue is opened.</remarks>
public sealed class ZcrxUnsupportedException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxUnsupportedException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
