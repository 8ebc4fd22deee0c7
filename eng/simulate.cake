// Searches for a seed whose interleaving or fault breaks an invariant, or repeats one seed and prints its events.
Accepts("simulate", values: ["seed", "seeds", "from"], check: SimulateProblem);

Task("simulate")
    .Description("simulates whole queues in one thread with virtual time  [--seed N prints one | --seeds N searches, --from N]")
    .Does(() =>
{
    const string project = "tests/Zcrx.Simulation/Zcrx.Simulation.csproj";
    Build(project);
    string[] arguments = [.. new[] { "seed", "seeds", "from" }.Where(HasArgument).SelectMany(name => new[] { $"--{name}", Argument<string>(name) })];
    lastWords = () => exitCode = Run("dotnet", ["exec", OutputOf(project), .. arguments]);
});

string SimulateProblem()
{
    foreach (var name in new[] { "seed", "seeds", "from" }.Where(HasArgument))
    {
        var least = name == "seeds" ? 1 : 0;
        if (!int.TryParse(Argument<string>(name), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) || number < least)
        {
            return $"--{name} must be a whole number of at least {least}, but is '{Argument<string>(name)}'.";
        }
    }

    return HasArgument("seed") && (HasArgument("seeds") || HasArgument("from")) ? "--seed repeats one simulation; it takes neither --seeds nor --from." : null;
}
