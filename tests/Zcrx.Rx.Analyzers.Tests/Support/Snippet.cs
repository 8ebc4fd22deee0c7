namespace Zcrx.Rx.Analyzers.Tests.Support;

/// <summary>Creates a program that compiles from a few statements.</summary>
internal static class Snippet
{
    /// <summary>Lists the using directives of every snippet.</summary>
    public static readonly string[] Usings =
    [
        "System", "System.Collections.Generic", "System.Linq", "System.Net", "System.Threading", "System.Threading.Tasks", "System.Reactive", "System.Reactive.Linq",
        "System.Reactive.Concurrency", "System.Reactive.Subjects", "System.Reactive.Threading.Tasks", "Zcrx.Interop", "Zcrx.Rx",
    ];

    /// <summary>
    /// Returns a program with the statements in a method. They can use a connection, its buffers, a queue and a scheduler.
    /// </summary>
    public static string Of(string statements, params string[] moreUsings) => $$"""
        {{string.Join('\n', Usings.Select(static space => $"using {space};"))}}
        {{string.Concat(moreUsings.Select(static space => $"using {space};\n"))}}
        public static class Program
        {
            public static async Task RunAsync(ZcrxConnection connection, IObservable<ReceivedBuffer> buffers, ZcrxQueue queue, IPEndPoint endPoint, IScheduler scheduler, TimeSpan time)
            {
                {{statements}}
            }

            public static Task WorkAsync(ReadOnlyMemory<byte> memory) => Task.CompletedTask;

            public static void Use(ReadOnlySpan<byte> bytes) { }
        }

        """;
}
