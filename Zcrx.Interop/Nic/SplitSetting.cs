namespace Zcrx.Interop.Nic;

/// <summary>Header/data split as an interface has it.</summary>
/// <param name="Split">On, off, or the driver's own choice.</param>
/// <param name="Threshold">In bytes; null where there is none.</param>
internal sealed record SplitSetting(bool? Split, int? Threshold)
{
    public static SplitSetting Of(NicFacts facts) => new(facts.HeaderDataSplit, facts.HdsThreshold);
}
