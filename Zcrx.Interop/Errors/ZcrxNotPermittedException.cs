namespace Zcrx.Interop;

/// <summary>Thrown when this process may not use a kernel feature: a capability, a sysctl or a seccomp filter forbids it.</summary>
/// <remarks>This error does not make Zcrx fall back to another engine: the engine is chosen before a queue is opened.</remarks>
public sealed class ZcrxNotPermittedException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxNotPermittedException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
