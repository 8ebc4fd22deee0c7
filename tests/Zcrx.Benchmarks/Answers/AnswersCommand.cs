using System.Diagnostics;
using System.Globalization;
using System.Net;
using Zcrx.Benchmarks.Comparison;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Answers;

/// <summary>
/// Compares servers that send replies. RESP servers run under redis-benchmark (Debian's redis-tools), proxies under bulk transfers. Prints
/// the results, and the median over the rounds of their ratios to one server.
/// </summary>
internal static class AnswersCommand
{
    private const string Baseline = "pipelines";

    private static readonly (string Command, int Pipelined, int Requests)[] Loads = [("SET", 1, 100_000), ("GET", 1, 100_000), ("SET", 16, 1_000_000), ("GET", 16, 1_000_000)];

    /// <param name="args">"resp" or "proxy", then the number of rounds, then the kinds of servers to compare.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        int rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 5;
        bool isProxy = args is ["proxy", ..];
        string[] kinds = args.Length > 2 ? args[2..] : [.. isProxy ? ProxyServers.Kinds : RespServers.Kinds];
        Dictionary<(string Case, string Kind), List<(double Rate, double Cost)>> results = [];
        for (int round = 1; round <= rounds; round++)
        {
            foreach (string kind in kinds)
            {
                await foreach ((string name, double rate, double cost) in isProxy ? ProxyAsync(kind) : RespAsync(kind))
                {
                    if (!results.TryGetValue((name, kind), out List<(double, double)>? all))
                    {
                        results.Add((name, kind), all = []);
                    }

                    all.Add((rate, cost));
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}: {kind,-12} {name,-16} {rate,12:0.0} /s {cost,8:0.00} us"));
                }
            }
        }

        string baseline = kinds.Contains(Baseline) ? Baseline : kinds[0];
        Console.WriteLine($"{"case",-16} {"server",-12} {"per second",12} {"CPU, us",8} {"rate",8} {"CPU",8}   (ratios to {baseline}, median of rounds)");
        foreach (((string name, string kind), List<(double Rate, double Cost)> all) in results.OrderBy(static result => result.Key.Case, StringComparer.Ordinal))
        {
            List<(double Rate, double Cost)> others = results[(name, baseline)];
            double rate = Median(all.Zip(others, static (ours, theirs) => ours.Rate / theirs.Rate));
            double cost = Median(all.Zip(others, static (ours, theirs) => ours.Cost / theirs.Cost));
            Console.WriteLine(
                $"{name,-16} {kind,-12} {Amount.Number(Median(all.Select(static one => one.Rate)), "0.0"),12} {Amount.Number(Median(all.Select(static one => one.Cost)), "0.00"),8} {Amount.Times(rate),8} {Amount.Times(cost),8}");
        }

        return 0;
    }

    /// <summary>Measures a RESP server: requests per second, and CPU time of the server per request.</summary>
    private static async IAsyncEnumerable<(string Name, double Rate, double Cost)> RespAsync(string kind)
    {
        using ServerProcess server = await ServerProcess.StartAsync("serve", "resp", kind);
        await BenchmarkAsync(server.Port, "SET", 16, 200_000);
        await BenchmarkAsync(server.Port, "GET", 1, 20_000);
        foreach ((string command, int pipelined, int requests) in Loads)
        {
            TimeSpan before = server.CpuTime;
            double rate = await BenchmarkAsync(server.Port, command, pipelined, requests);
            yield return ($"{command} -P {pipelined}", rate, (server.CpuTime - before).TotalMicroseconds / requests);
        }
    }

    private static async Task<double> BenchmarkAsync(int port, string command, int pipelined, int requests)
    {
        string[] arguments = ["-p", Text(port), "-c", "50", "-n", Text(requests), "-P", Text(pipelined), "-t", command, "-d", "32", "--csv"];
        using Process process = Process.Start(new ProcessStartInfo("redis-benchmark", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        string? line = output.Split('\n').FirstOrDefault(line => line.StartsWith($"\"{command}\"", StringComparison.Ordinal));
        return line is null
            ? throw new InvalidOperationException($"redis-benchmark printed no result: {output} {await errors}")
            : double.Parse(line.Split(',')[1].Trim('"'), CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Measures a proxy: bytes per second, CPU time of the proxy per MiB, and CPU time of the proxy and both ends together.
    /// </summary>
    /// <remarks>
    /// When all processors are busy, the CPU time of all three limits the rate. With few connections, a processor may be idle.
    /// </remarks>
    private static async IAsyncEnumerable<(string Name, double Rate, double Cost)> ProxyAsync(string kind)
    {
        using Sink sink = new();
        using ServerProcess server = await ServerProcess.StartAsync("serve", "proxy", kind, Text(sink.Port));
        IPEndPoint proxy = new(IPAddress.Loopback, server.Port);
        const long Volume = 2L << 30;
        // The first transfer is a warm-up. Otherwise the time of the JIT compiler would count as time of the proxy.
        await sink.TransferAsync(proxy, 4, Volume);
        foreach (int connections in (int[])[1, 16, 64])
        {
            TimeSpan before = server.CpuTime;
            TimeSpan endsBefore = Environment.CpuUsage.TotalTime;
            double seconds = await sink.TransferAsync(proxy, connections, Volume);
            TimeSpan spent = server.CpuTime - before;
            TimeSpan spentByAll = spent + (Environment.CpuUsage.TotalTime - endsBefore);
            double rate = (Volume >> 20) / seconds;
            yield return ($"{connections} connections", rate, spent.TotalMicroseconds / (Volume >> 20));
            yield return ($"{connections} with ends", rate, spentByAll.TotalMicroseconds / (Volume >> 20));
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
