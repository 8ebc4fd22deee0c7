namespace Zcrx.Interop;

/// <summary>Thrown when the kernel cannot allocate, pin or access memory: too little of it, a limit on locked memory, or an unusable address.</summary>
/// <remarks>After a failed registration the kernel does not use the memory, so it may be freed.</remarks>
public sealed class ZcrxMemoryException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxMemoryException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
