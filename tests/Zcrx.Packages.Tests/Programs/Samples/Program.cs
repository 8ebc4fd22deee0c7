// Runs fragments of documents. Each argument is the name of a fragment and what it serves: `port` (the port of the documents), `connection`
// (the connection that it is given) or `nothing`. The suffix `:endless` marks a fragment that serves until the process ends.
using System.Reflection;
using Samples;

int port = int.Parse(args[0]);
int failed = 0;
foreach (string argument in args[1..])
{
    string[] parts = argument.Split(':');
    MethodInfo sample = typeof(Program).Assembly.GetType($"Samples.{parts[0]}.Body", throwOnError: true)!.GetMethod("SampleAsync")!;
    await using Surroundings surroundings = new(port);
    try
    {
        await surroundings.RunAsync(sample, parts[1], parts is [_, _, "endless"]).WaitAsync(TimeSpan.FromMinutes(1));
        Console.WriteLine($"ran: {parts[0]}");
    }
    catch (Exception exception)
    {
        failed++;
        Console.WriteLine($"failed: {parts[0]}, which serves {parts[1]}: {exception}");
    }
}

return failed;
