// Runs the target that build.sh was given, or lists them.
void ListTargets()
{
    Console.WriteLine("Usage: ./build.sh <target> [--arg value ...] [-- arguments for the program that the target starts]");
    Console.WriteLine();
    foreach (var task in Tasks.OrderBy(task => task.Name, StringComparer.Ordinal))
    {
        Console.WriteLine($"  {task.Name,-14}{task.Description}");
    }
}

var target = Argument("target", "list");
if (target == "list")
{
    ListTargets();
    Environment.Exit(0);
}

if (!Tasks.Any(task => string.Equals(task.Name, target, StringComparison.OrdinalIgnoreCase)))
{
    Console.Error.WriteLine($"build: there is no target '{target}'; there are {string.Join(", ", Tasks.Select(task => task.Name).Order(StringComparer.Ordinal))}.");
    Environment.Exit(2);
}

try
{
    RunTarget(target);
}
catch (Exception error) when (error.GetBaseException() is CakeException)
{
    Fail(error.GetBaseException().Message);
}

lastWords();
Console.Out.Flush();
if (exitCode != 0)
{
    Environment.Exit(exitCode);
}
