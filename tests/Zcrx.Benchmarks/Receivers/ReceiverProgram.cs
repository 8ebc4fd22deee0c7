using System.Globalization;
using Zcrx.Benchmarks.Comparison;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Runs the receiver process. It prints its endpoint, receives, and prints its measurement.</summary>
internal static class ReceiverProgram
{
    /// <summary>The start of the line with which a receiver reports its port.</summary>
    public const string ListeningPrefix = "listening ";

    /// <param name="args">The receiver, the number of connections, the bytes of all connections, and the bytes of the warm-up. The last
    /// argument is "read" to read every byte, or "touch" to read the first byte of each chunk.</param>
    public static async Task<int> RunAsync(ReadOnlyMemory<string> args)
    {
        string name = args.Span[0];
        int connections = int.Parse(args.Span[1], CultureInfo.InvariantCulture);
        long bytes = long.Parse(args.Span[2], CultureInfo.InvariantCulture);
        long warmUp = long.Parse(args.Span[3], CultureInfo.InvariantCulture);
        bool readsAll = args.Span[4] == "read";
        ReceiverKind kind = ReceiverKind.Find(name) ?? throw new ArgumentException($"There is no receiver '{name}'.", nameof(args));
        Meter meter = new(connections, bytes, warmUp, readsAll);
        Func<IReceiver> create = kind.Create ?? throw new ArgumentException($"'{name}' is a program of its own.", nameof(args));
        await using IReceiver receiver = create();
        int port = await receiver.StartAsync(meter);
        Console.WriteLine(ListeningPrefix + port);
        Measurement measurement = meter.Run();
        Console.WriteLine((measurement with { Note = receiver.Note }).ToLine());
        return 0;
    }
}
