using System.CommandLine;
using System.Globalization;
using Zcrx.Benchmarks.Comparison;

namespace Zcrx.Benchmarks.Web;

/// <summary>
/// Compares the transports of Kestrel under curl, wrk and h2load. Measures CPU time per GiB and requests per second. All transports run one
/// load before the next load follows, so that a disturbance affects all of them.
/// </summary>
internal static class WebCommand
{
    public static Task<int> RunAsync(string[] args)
    {
        Option<int> rounds = new("--rounds") { Description = "repetitions of every load", DefaultValueFactory = static _ => 5 };
        Option<int> size = new("--size") { Description = "MiB of each upload", DefaultValueFactory = static _ => 1024 };
        Option<int> seconds = new("--seconds") { Description = "length of each load of small requests", DefaultValueFactory = static _ => 5 };
        Option<string[]> kinds = new("--transports") { Description = $"some of {string.Join(' ', WebServers.Kinds)}; the first is the baseline", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = static _ => [.. WebServers.Kinds] };
        Option<string?> only = new("--only") { Description = "loads whose name contains this text" };
        kinds.AcceptOnlyFromAmong([.. WebServers.Kinds]);
        RootCommand command = new("Compares Kestrel over Zcrx with Kestrel's socket transport.") { rounds, size, seconds, kinds, only };
        command.SetAction(async (parsed, _) =>
        {
            using UploadFile file = UploadFile.Create((long)parsed.GetValue(size) << 20);
            WebLoad[] loads = [.. WebLoad.Uploads(file).Concat(WebLoad.Requests(parsed.GetValue(seconds))).Where(load => load.Name.Contains(parsed.GetValue(only) ?? "", StringComparison.Ordinal))];
            await CompareAsync(parsed.GetValue(kinds)!, loads, parsed.GetValue(rounds));
            return 0;
        });
        return command.Parse(args).InvokeAsync();
    }

    private static async Task CompareAsync(string[] kinds, WebLoad[] loads, int rounds)
    {
        Dictionary<(WebLoad Load, string Kind), List<WebSample>> results = loads.SelectMany(_ => kinds, static (load, kind) => (load, kind)).ToDictionary(static one => one, static _ => new List<WebSample>());
        List<(string Kind, WebServerProcess Server)> servers = [];
        try
        {
            foreach (string kind in kinds)
            {
                WebServerProcess server = await WebServerProcess.StartAsync(kind);
                servers.Add((kind, server));
                Console.WriteLine($"{kind}: {server.Engine}");
            }

            // The first round is a warm-up and is not counted.
            for (int round = 0; round <= rounds; round++)
            {
                foreach (WebLoad load in loads)
                {
                    // Each round starts with a different server.
                    foreach ((string kind, WebServerProcess server) in servers.Skip(round % servers.Count).Concat(servers.Take(round % servers.Count)))
                    {
                        WebSample sample = await load.RunAsync(server);
                        if (round > 0)
                        {
                            results[(load, kind)].Add(sample);
                            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}: {kind,-10} {load.Name,-26} {sample.Rate,12:0.00} {load.Unit}/s {CostOf(load, sample.Cost),10}"));
                        }
                    }
                }
            }
        }
        finally
        {
            servers.ForEach(static one => one.Server.Dispose());
        }

        Print(kinds, loads, results);
    }

    private static void Print(string[] kinds, WebLoad[] loads, Dictionary<(WebLoad Load, string Kind), List<WebSample>> results)
    {
        Console.WriteLine();
        Console.WriteLine($"medians of the rounds; ratios to {kinds[0]} are above 1 if the transport is better, with the lowest and the highest of the rounds");
        Console.WriteLine("| load | transport | per second | CPU of the server | rate | per CPU second |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (WebLoad load in loads)
        {
            List<WebSample> baseline = results[(load, kinds[0])];
            foreach (string kind in kinds)
            {
                List<WebSample> samples = results[(load, kind)];
                double rate = Median(samples.Select(static sample => sample.Rate));
                double cost = Median(samples.Select(static sample => sample.Cost));
                string rates = Ratios(samples.Zip(baseline, static (ours, theirs) => ours.Rate / theirs.Rate));
                string costs = Ratios(samples.Zip(baseline, static (ours, theirs) => theirs.Cost / ours.Cost));
                Console.WriteLine($"| {load.Name} | `{kind}` | {Amount.Number(rate, load.Unit == "GiB" ? "0.00" : "0")} {load.Unit} | {CostOf(load, cost)} | {rates} | {costs} |");
            }
        }
    }

    private static string CostOf(WebLoad load, double seconds) => load.Unit == "GiB" ? $"{Amount.Number(seconds, "0.00")} s" : $"{Amount.Number(seconds * 1e6, "0.0")} µs";

    private static string Ratios(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return $"{Amount.Times(Median(all))} ({Amount.Number(all.Min(), "0.00")} to {Amount.Number(all.Max(), "0.00")})";
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
