using Ingest.Demo;

namespace Ingest.Values;

/// <summary>Parses remedies on the command line: <c>moves</c>, <c>steering</c>, <c>both</c>.</summary>
internal static class StormText
{
    public static string? Read(string text, out StormRemedies value)
    {
        value = text switch
        {
            "moves" => StormRemedies.Moves,
            "steering" => StormRemedies.Steering,
            "both" => StormRemedies.Moves | StormRemedies.Steering,
            _ => StormRemedies.None,
        };
        return value == StormRemedies.None ? "moves, steering or both" : null;
    }
}
