using System.Globalization;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>What is compared, and how long.</summary>
internal sealed record CompareOptions
{
    public const string Usage =
        """
        Compares receivers over loopback, each in a fresh process, the sender in another; then measures the path of one buffer.

          --short              a smoke run: less traffic, one round, a shorter micro-benchmark
          --volume SIZE        traffic of one case, such as 4GiB; slow receivers get a part of it
          --rounds N           how often each case runs; medians are printed
          --connections N,N    connection counts
          --receivers A,B      some of: RECEIVERS
          --hash               every byte is read, and the sums are compared with what was sent
          --no-loop            without the micro-benchmark
          --verbose            every run as it ends
          --report FILE        the final table goes there instead of to the output
          loop [ARGUMENTS]     only the micro-benchmark, with BenchmarkDotNet's own arguments
        """;

    public bool IsShort { get; init; }

    public long Volume { get; init; } = 3L << 30;

    public int Rounds { get; init; } = 5;

    public IReadOnlyList<int> Connections { get; init; } = [1, 64, 512];

    public IReadOnlyList<string> Receivers { get; init; } = ReceiverKind.Default;

    public bool ReadsAll { get; init; }

    public bool WithLoop { get; init; } = true;

    public bool IsVerbose { get; init; }

    public string? ReportPath { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="FormatException">Something is not understood; the message says what.</exception>
    public static CompareOptions Parse(ReadOnlySpan<string> args)
    {
        CompareOptions options = new();
        if (args.Contains("--short"))
        {
            options = options with { IsShort = true, Volume = 512L << 20, Rounds = 1 };
        }

        for (int i = 0; i < args.Length; i++)
        {
            // --name value and --name=value alike; of what was given twice, the last counts.
            string[] parts = args[i].Split('=', 2);
            string name = parts[0];
            if (name is "--short" or "--hash" or "--no-loop" or "--verbose")
            {
                options = name switch
                {
                    "--hash" => options with { ReadsAll = true },
                    "--no-loop" => options with { WithLoop = false },
                    "--verbose" => options with { IsVerbose = true },
                    _ => options,
                };
                continue;
            }

            string value = parts.Length > 1 ? parts[1] : i + 1 < args.Length ? args[++i] : throw new FormatException($"{name} needs a value.");
            options = name switch
            {
                "--volume" => ByteSize.TryParse(value, out long volume)
                    ? options with { Volume = volume }
                    : throw new FormatException($"--volume: '{value}' is not a size such as 512MiB or 4GiB."),
                "--rounds" => options with { Rounds = Positive(name, value) },
                "--connections" => options with { Connections = [.. value.Split(',').Select(count => Positive(name, count))] },
                "--receivers" => options with { Receivers = [.. value.Split(',').Select(Known)] },
                "--report" => options with { ReportPath = value },
                _ => throw new FormatException($"'{name}' is not known."),
            };
        }

        return options;
    }

    private static int Positive(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? number
            : throw new FormatException($"{name}: '{value}' is not a number above 0.");

    private static string Known(string name) => ReceiverKind.Find(name) is not null
        ? name
        : throw new FormatException($"--receivers: there is no '{name}'; there are {string.Join(", ", ReceiverKind.All.Select(kind => kind.Name))}.");
}
