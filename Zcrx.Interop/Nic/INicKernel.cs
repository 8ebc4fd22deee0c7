namespace Zcrx.Interop;

/// <summary>Represents a kernel that provides network interfaces in addition to the system calls of <see cref="IIoUringKernel"/>.</summary>
public interface INicKernel : IIoUringKernel
{
    /// <summary>Gets the network interfaces of this kernel.</summary>
    INicControl Nics { get; }
}
