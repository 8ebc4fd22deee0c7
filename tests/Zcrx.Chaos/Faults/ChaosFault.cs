namespace Zcrx.Chaos.Faults;

/// <summary>Represents one kind of fault.</summary>
/// <param name="Name">The name that the summary prints.</param>
/// <param name="Weight">How often the fault is chosen, relative to the other faults.</param>
/// <param name="Inject">Injects the fault. Returns false if that is not possible at the moment.</param>
internal sealed record ChaosFault(string Name, int Weight, Func<Random, bool> Inject)
{
    public int Count { get; set; }
}
