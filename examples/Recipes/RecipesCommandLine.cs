using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Recipes;

/// <summary>Runs the recipe that the command line names, until SIGINT or SIGTERM.</summary>
internal static class RecipesCommandLine
{
    private const int Failure = 1;
    private const int Usage = 2;

    public static async Task<int> RunAsync(string[] args)
    {
        RootCommand root = Create();
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is null or ParseErrorAction)
        {
            return Refuse(Explain(root, parsed));
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception exception) when (exception is ZcrxException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"recipes: {exception.Message.ReplaceLineEndings(" ")}");
            return Failure;
        }
    }

    private static RootCommand Create()
    {
        Option<string> listen = EndPointOption("--listen", "The address to accept clients on: 127.0.0.1:9000, [::]:9000. With port 0, any free port, which is printed.");
        Option<string> feed = EndPointOption("--feed", "The address to accept the feed on.");
        Option<string> target = new("--to")
        {
            Description = "The server to forward to: 127.0.0.1:80, [::1]:80 or example.org:80.", HelpName = "HOST:PORT", Required = true, CustomParser = ReadTarget,
        };
        Option<int> workers = new("--workers")
        {
            Description = "The number of actors in the pool.", HelpName = "N", DefaultValueFactory = _ => 4, CustomParser = ReadWorkers,
        };
        Option<string> directory = new("--directory") { Description = "The directory of the files. Created if it does not exist.", HelpName = "DIR", Required = true };
        Option<ByteSize> most = new("--max-length")
        {
            Description = "The longest file.", HelpName = "SIZE", DefaultValueFactory = _ => new ByteSize(1L << 30), CustomParser = ReadSize,
        };

        Command resp = new("resp", "A key-value server that speaks RESP, for redis-cli and other clients.") { listen };
        resp.SetAction((parsed, _) => RunAsync(services => RespServer.Add(services, parsed.GetRequiredValue(listen))));
        Command marketData = new("marketdata", "Passes the ticks of one feed to many subscribers. Slow subscribers get the latest tick of each symbol.") { feed, listen };
        marketData.SetAction((parsed, _) => RunAsync(services => MarketData.Add(services, parsed.GetRequiredValue(feed), parsed.GetRequiredValue(listen))));
        Command proxy = new("proxy", "Forwards connections to another server, in both directions.") { listen, target };
        proxy.SetAction((parsed, _) => RunAsync(services => TcpProxy.Add(services, parsed.GetRequiredValue(listen), parsed.GetRequiredValue(target))));
        Command ingest = new("ingest", "Passes frames to a pool of actors, and acknowledges each frame to the client.") { listen, workers };
        ingest.SetAction((parsed, _) => RunAsync(services => AkkaIngest.Add(services, parsed.GetRequiredValue(listen), parsed.GetValue(workers))));
        Command upload = new("upload", "Receives files, and answers each with its SHA-256.") { listen, directory, most };
        upload.SetAction((parsed, _) => RunAsync(services => UploadReceiver.Add(
            services, parsed.GetRequiredValue(listen), parsed.GetRequiredValue(directory), parsed.GetValue(most).Bytes)));
        return new RootCommand("Small servers on Zcrx to copy from: one file each.") { resp, marketData, proxy, ingest, upload };
    }

    private static async Task<int> RunAsync(Action<IServiceCollection> add)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        add(builder.Services);
        using IHost host = builder.Build();
        await host.RunAsync();
        return 0;
    }

    private static int Refuse(string message)
    {
        Console.Error.WriteLine($"recipes: {message.ReplaceLineEndings(" ")}");
        return Usage;
    }

    private static string Explain(RootCommand root, ParseResult parsed)
    {
        string names = string.Join(", ", root.Subcommands.Select(static command => command.Name));
        if (parsed.CommandResult.Command != root)
        {
            string reason = parsed.UnmatchedTokens is [string token, ..] ? $"'{token}' is not an option" : parsed.Errors[0].Message.TrimEnd('.');
            return $"{reason}. See `{parsed.CommandResult.Command.Name} --help`.";
        }

        return parsed.UnmatchedTokens is [string name, ..] ? $"There is no recipe '{name}'. Choose one of {names}." : $"Choose a recipe: {names}. See `--help`.";
    }

    private static Option<string> EndPointOption(string name, string description) => new(name)
    {
        Description = description, HelpName = "ADDRESS:PORT", Required = true, CustomParser = ReadListen,
    };

    private static string? ReadListen(ArgumentResult result) =>
        TrySplit(result.Tokens[0].Value, out string host, out _) && IPAddress.TryParse(host, out _)
            ? result.Tokens[0].Value
            : Refuse<string>(result, "ADDRESS:PORT such as 127.0.0.1:9000 or [::]:9000");

    private static string? ReadTarget(ArgumentResult result) =>
        TrySplit(result.Tokens[0].Value, out string host, out int port) && host.Length > 0 && port > 0
            ? result.Tokens[0].Value
            : Refuse<string>(result, "HOST:PORT such as 127.0.0.1:80, [::1]:80 or example.org:80");

    private static int ReadWorkers(ArgumentResult result) =>
        int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= 1024
            ? number
            : Refuse<int>(result, "a number from 1 to 1024");

    private static ByteSize ReadSize(ArgumentResult result) =>
        ByteSize.TryParse(result.Tokens[0].Value, out ByteSize size) && size > 0 ? size : Refuse<ByteSize>(result, "a size such as 64KiB or 1GiB");

    private static T? Refuse<T>(ArgumentResult result, string expected)
    {
        result.AddError($"{((OptionResult)result.Parent!).Option.Name} must be {expected}, but is '{result.Tokens[0].Value}'");
        return default;
    }

    private static bool TrySplit(string text, out string host, out int port)
    {
        int colon = text.LastIndexOf(':');
        host = colon < 0 ? "" : text[..colon];
        bool isAddressInBrackets = host.StartsWith('[') && host.EndsWith(']');
        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && colon >= 0
            && port <= IPEndPoint.MaxPort
            && (isAddressInBrackets || !host.Contains(':', StringComparison.Ordinal));
    }
}
