namespace Zcrx.Simulation;

/// <summary>Generates the decisions of a simulation from a seed.</summary>
internal sealed class DecisionMaker(Random random, SimulationProfile profile)
{
    private readonly (DecisionKind Kind, int Until)[] _kinds = Accumulate(profile.Weights);

    /// <summary>Generates all decisions. Each decision selects among the subjects that exist when it is executed.</summary>
    public List<Decision> MakeAll()
    {
        List<Decision> decisions = new(profile.Decisions + profile.Connections);
        for (int i = 0; i < profile.Connections; i++)
        {
            decisions.Add(new Decision(DecisionKind.Connect, random.Next(1 << 16), random.Next(1 << 16)));
        }

        while (decisions.Count < profile.Decisions)
        {
            int choice = random.Next(_kinds[^1].Until);
            DecisionKind kind = Array.Find(_kinds, kind => choice < kind.Until).Kind;
            decisions.Add(new Decision(kind, random.Next(1 << 16), random.Next(1 << 16)));
        }

        return decisions;
    }

    private static (DecisionKind Kind, int Until)[] Accumulate(IReadOnlyDictionary<DecisionKind, int> weights)
    {
        int sum = 0;
        return [.. weights.OrderBy(static weight => weight.Key).Select(weight => (weight.Key, sum += weight.Value))];
    }
}
