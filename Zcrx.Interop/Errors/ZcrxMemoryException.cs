namespace Zcrx.Interop;

/// <summary>The kernel cannot get, pin or reach the memory: too little of it, a limit on locked memory, or an address that is not usable.</summary>
/// <remarks>After a failed registration the kernel holds nothing of the memory, and it may be freed.</remarks>
public sealed class ZcrxMemoryException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxMemoryException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}
