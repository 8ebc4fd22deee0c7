namespace Zcrx.Interop.Multishot;

/// <summary>Specifies the optional features of a kernel's multishot receives. Linux 6.1 has none of them.</summary>
[Flags]
internal enum MultishotFeatures
{
    /// <summary>The kernel has no optional features.</summary>
    None = 0,

    /// <summary>One completion covers several buffers (Linux 6.10).</summary>
    Bundles = 1,

    /// <summary>A receive ends after a number of bytes (Linux 6.17).</summary>
    Limits = 2,
}
