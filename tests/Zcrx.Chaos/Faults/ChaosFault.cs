namespace Zcrx.Chaos.Faults;

/// <summary>One kind of fault.</summary>
/// <param name="Name">For the summary.</param>
/// <param name="Weight">How often it comes, compared with the others.</param>
/// <param name="Inject">Does it, if it can be done now; says whether it did.</param>
internal sealed record ChaosFault(string Name, int Weight, Func<Random, bool> Inject)
{
    public int Count { get; set; }
}
