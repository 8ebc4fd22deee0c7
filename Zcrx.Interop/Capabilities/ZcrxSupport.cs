namespace Zcrx.Interop;

/// <summary>Specifies whether a kernel supports a <see cref="ZcrxFeature"/>.</summary>
public enum ZcrxSupport
{
    /// <summary>The kernel does not support it; <see cref="ZcrxCapabilities.WhyNot"/> returns the reason.</summary>
    No,

    /// <summary>The kernel does not answer the query. Only an attempt can tell.</summary>
    Unknown,

    /// <summary>The kernel supports it. The device may still not support it.</summary>
    Yes,
}
