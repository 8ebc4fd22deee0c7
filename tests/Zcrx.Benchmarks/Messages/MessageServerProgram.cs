using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Runs the server process. It prints its port and serves until it is killed.</summary>
internal static class MessageServerProgram
{
    /// <summary>The command on standard input that makes the server collect its garbage. Its memory can then be compared.</summary>
    public const string Collect = "collect";

    /// <summary>The answer to <see cref="Collect"/>, on standard output.</summary>
    public const string Collected = "collected";

    public static async Task<int> RunAsync(string name)
    {
        Func<Task<int>> start = MessageServerKind.Find(name)?.Start ?? throw new ArgumentException($"There is no server '{name}'.", nameof(name));
        Console.WriteLine($"{ReceiverProgram.ListeningPrefix}{await start()}");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == Collect)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                Console.WriteLine(Collected);
            }
        }

        return 0;
    }
}
