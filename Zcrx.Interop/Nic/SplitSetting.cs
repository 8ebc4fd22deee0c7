namespace Zcrx.Interop.Nic;

/// <summary>Represents the header/data split of an interface.</summary>
/// <param name="Split">On, off, or the driver's default.</param>
/// <param name="Threshold">The threshold in bytes; null when the driver has none.</param>
internal sealed record SplitSetting(bool? Split, int? Threshold)
{
    public static SplitSetting Of(NicFacts facts) => new(facts.HeaderDataSplit, facts.HdsThreshold);
}
