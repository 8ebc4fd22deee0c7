using System.Runtime.InteropServices;

namespace Zcrx.Interop.Kernel;

/// <summary>Mirrors <c>struct iovec</c> of 64-bit Linux.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoVector
{
    public nint Base;
    public nuint Length;
}
