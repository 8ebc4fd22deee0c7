using System.Globalization;
using LogIngest.Demo;

const int Usage = 2;

// demo-logs [CONNECTIONS [SECONDS]]
string[] texts = [args.ElementAtOrDefault(0) ?? "8", args.ElementAtOrDefault(1) ?? "30"];
if (args.Length > 2
    || !int.TryParse(texts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int connections)
    || !int.TryParse(texts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
    || connections is < 1 or > 1000
    || seconds is < 1 or > 3600)
{
    Console.Error.WriteLine("demo-logs: expected at most two arguments, the number of connections (1 to 1000, default 8) and the seconds to send (1 to 3600, default 30).");
    return Usage;
}

return await DemoRun.RunAsync(connections, TimeSpan.FromSeconds(seconds));
