// Runs the target that build.sh names, or lists the targets.
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
    if (ArgumentProblem(target) is { } unusable)
    {
        Console.Error.WriteLine($"build: {unusable}");
        Environment.Exit(2);
    }

    ListTargets();
    Environment.Exit(0);
}

if (!Tasks.Any(task => string.Equals(task.Name, target, StringComparison.OrdinalIgnoreCase)))
{
    Console.Error.WriteLine($"build: unknown target '{target}'; the targets are {string.Join(", ", Tasks.Select(task => task.Name).Order(StringComparer.Ordinal))}.");
    Environment.Exit(2);
}

if (ArgumentProblem(target) is { } problem)
{
    Console.Error.WriteLine($"build: {problem}");
    Environment.Exit(2);
}

string failure = null;
try
{
    RunTarget(target);
}
catch (Exception error) when (error.GetBaseException() is CakeException)
{
    failure = error.GetBaseException().Message;
}

lastWords();
Console.Out.Flush();
if (failure is not null)
{
    // Printed after the result, so that the last line is the reason for the failure.
    Fail(failure);
}

if (exitCode != 0)
{
    Environment.Exit(exitCode);
}
