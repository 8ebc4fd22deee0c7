namespace Zcrx.Interop;

/// <summary>
/// Thrown when the kernel cannot allocate, pin or access memory. Causes are a lack of memory, a limit on locked memory, and an unusable
/// address.
/// </summary>
/// <remarks>After a failed registration, the kernel does not use the memory. The caller may free it.</remarks>
public sealed class ZcrxMemoryException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxMemoryException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
