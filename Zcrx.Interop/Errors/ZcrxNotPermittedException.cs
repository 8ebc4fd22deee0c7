namespace Zcrx.Interop;

/// <summary>The kernel may have it, but this process is not allowed to use it: a capability, a sysctl or a seccomp filter stands in the way.</summary>
/// <remarks>One of the two errors that an automatic choice of the engine may answer with a slower engine; the other is <see cref="ZcrxUnsupportedException"/>.</remarks>
public sealed class ZcrxNotPermittedException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxNotPermittedException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
