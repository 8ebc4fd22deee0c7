namespace Zcrx.Interop.Nic;

/// <summary>Represents the header/data split setting of an interface.</summary>
/// <param name="Split">True for on, false for off, null for the driver's default.</param>
/// <param name="Threshold">The size in bytes up to which packets are not split; null when the driver has no such setting.</param>
internal sealed record SplitSetting(bool? Split, int? Threshold)
{
    public static SplitSetting Of(NicFacts facts) => new(facts.HeaderDataSplit, facts.HdsThreshold);
}
