using System.Globalization;
using System.Net;
using Zcrx.Benchmarks.Answers;
using Zcrx.Benchmarks.Comparison;

namespace Zcrx.Benchmarks.AkkaStreams;

/// <summary>Compares servers of Akka.Streams over <c>Tcp()</c> and over Zcrx in one run. Prints medians of the rounds' ratios to <c>Tcp()</c>.</summary>
internal static class StreamsCommand
{
    private const int FrameLength = 128;

    /// <param name="args">The number of rounds, and the MiB of each transfer.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 3;
        long volume = (args.Length > 1 ? long.Parse(args[1], CultureInfo.InvariantCulture) : 256) << 20;
        Dictionary<(string Kind, int Connections), List<(double Rate, double Cost)>> results = [];
        for (int round = 1; round <= rounds; round++)
        {
            foreach (string kind in StreamServers.Kinds)
            {
                using ServerProcess server = await ServerProcess.StartAsync("streams", kind);
                foreach (int connections in (int[])[1, 16])
                {
                    (double rate, double cost) = await MeasureAsync(server, kind, connections, volume);
                    if (!results.TryGetValue((kind, connections), out List<(double, double)>? all))
                    {
                        results.Add((kind, connections), all = []);
                    }

                    all.Add((rate, cost));
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}: {kind,-12} {connections,3} connections {rate,10:0.0} MiB/s {cost,10:0} us CPU/MiB"));
                }
            }
        }

        Console.WriteLine($"{"server",-12} {"connections",11} {"MiB/s",10} {"CPU us/MiB",10} {"rate",8} {"CPU",8}   (ratios to Tcp(), median of rounds)");
        foreach (((string kind, int connections), List<(double Rate, double Cost)> all) in results)
        {
            List<(double Rate, double Cost)> tcp = results[(kind.EndsWith("echo", StringComparison.Ordinal) ? "tcp-echo" : "tcp-frames", connections)];
            double rate = Median(all.Zip(tcp, static (ours, theirs) => ours.Rate / theirs.Rate));
            double cost = Median(all.Zip(tcp, static (ours, theirs) => ours.Cost / theirs.Cost));
            Console.WriteLine(
                $"{kind,-12} {connections,11} {Amount.Number(Median(all.Select(static one => one.Rate)), "0.0"),10} {Amount.Number(Median(all.Select(static one => one.Cost)), "0"),10} {Amount.Times(rate),8} {Amount.Times(cost),8}");
        }

        return 0;
    }

    /// <summary>Sends the volume and receives the answers. Returns the rate, and the CPU time of the server.</summary>
    private static async Task<(double Rate, double Cost)> MeasureAsync(ServerProcess server, string kind, int connections, long volume)
    {
        IPEndPoint endPoint = new(IPAddress.Loopback, server.Port);
        bool isEcho = kind.EndsWith("echo", StringComparison.Ordinal);
        // Frames are many small messages, of which fewer fit into a second.
        long each = (isEcho ? volume : volume / 8) / connections / FrameLength * FrameLength;
        int answer = isEcho ? FrameLength : 4;
        byte[] piece = StreamClient.Frames(isEcho ? 2048 : 512, FrameLength);
        await StreamClient.RunAsync(endPoint, connections, each / 8 / FrameLength * FrameLength, piece, FrameLength, answer);
        TimeSpan before = server.CpuTime;
        double seconds = await StreamClient.RunAsync(endPoint, connections, each, piece, FrameLength, answer);
        double mebibytes = (double)each * connections / (1 << 20);
        return (mebibytes / seconds, (server.CpuTime - before).TotalMicroseconds / mebibytes);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
