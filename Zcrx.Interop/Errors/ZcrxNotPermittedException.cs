namespace Zcrx.Interop;

/// <summary>Thrown when this process may not use a kernel feature: a capability, a sysctl or a seccomp filter forbids it.</summary>
/// <remarks>Zcrx does not choose another engine after this error, because it has chosen the engine before it opens a queue.</remarks>
public sealed class ZcrxNotPermittedException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxNotPermittedException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
