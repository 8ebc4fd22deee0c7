namespace Zcrx.Interop;

/// <summary>Specifies whether a kernel supports a <see cref="ZcrxFeature"/>.</summary>
public enum ZcrxSupport
{
    /// <summary>The kernel does not support the feature. <see cref="ZcrxCapabilities.WhyNot"/> returns the reason.</summary>
    No,

    /// <summary>The kernel does not answer the query about zero-copy receive. Only an attempt shows whether the feature works.</summary>
    Unknown,

    /// <summary>The kernel supports the feature. Some features also need support from the device.</summary>
    Yes,
}
