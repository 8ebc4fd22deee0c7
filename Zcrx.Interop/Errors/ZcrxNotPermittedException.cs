namespace Zcrx.Interop;

/// <summary>
/// Thrown when this process may not use a kernel feature. The cause is a missing capability, a sysctl or a seccomp filter.
/// </summary>
/// <remarks>Zcrx does not catch this error to fall back to another engine, because it chooses the engine before it opens a queue.</remarks>
public sealed class ZcrxNotPermittedException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxNotPermittedException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
