namespace Zcrx.Interop;

/// <summary>This kernel or this device does not have what was asked for, and asking again will not change that.</summary>
/// <remarks>One of the two errors that an automatic choice of the engine may answer with a slower engine; the other is <see cref="ZcrxNotPermittedException"/>.</remarks>
public sealed class ZcrxUnsupportedException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxUnsupportedException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
