namespace Zcrx.Chaos.Faults;

/// <summary>Represents one kind of fault.</summary>
/// <param name="Name">The name in the summary.</param>
/// <param name="Weight">The frequency relative to the other faults.</param>
/// <param name="Inject">Injects the fault if that is possible at the moment. Returns whether the fault was injected.</param>
internal sealed record ChaosFault(string Name, int Weight, Func<Random, bool> Inject)
{
    public int Count { get; set; }
}
