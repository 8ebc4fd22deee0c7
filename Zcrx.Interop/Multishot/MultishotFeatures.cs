namespace Zcrx.Interop.Multishot;

/// <summary>Specifies the features of a kernel's multishot receives beyond those of Linux 6.1.</summary>
[Flags]
internal enum MultishotFeatures
{
    /// <summary>No further features.</summary>
    None = 0,

    /// <summary>One completion covers several buffers (Linux 6.10).</summary>
    Bundles = 1,

    /// <summary>A receive ends after a number of bytes (Linux 6.17).</summary>
    Limits = 2,
}
