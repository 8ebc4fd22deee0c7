namespace Zcrx.Interop;

/// <summary>What a kernel says about a <see cref="ZcrxFeature"/>.</summary>
public enum ZcrxSupport
{
    /// <summary>It does not have it; <see cref="ZcrxCapabilities.WhyNot"/> says why.</summary>
    No,

    /// <summary>This kernel cannot be asked; only trying tells.</summary>
    Unknown,

    /// <summary>It has it. A device may still lack what the feature needs.</summary>
    Yes,
}
