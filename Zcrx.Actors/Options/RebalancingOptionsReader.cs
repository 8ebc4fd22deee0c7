
namespace Zcrx.Actors.Options;

/// <summary>The configuration section <c>Zcrx:Rebalancing</c>, key by key, and what may be in it.</summary>
internal static class RebalancingOptionsReader
{
    private const string Permissions = "forbidden, flow-rules or rss-table";

    public static void Read(SectionReader reader, ZcrxRebalancingOptions options)
    {
        options.Enabled = reader.Flag(nameof(options.Enabled), options.Enabled);
        options.PlaceConnections = reader.Flag(nameof(options.PlaceConnections), options.PlaceConnections);
        options.AllowMoves = reader.Flag(nameof(options.AllowMoves), options.AllowMoves);
        options.Steering = reader.Name(nameof(options.Steering), options.Steering, Permissions);
        options.SampleInterval = reader.Duration(nameof(options.SampleInterval), options.SampleInterval);
        options.StormShare = reader.Number(nameof(options.StormShare), options.StormShare);
        options.CalmShare = reader.Number(nameof(options.CalmShare), options.CalmShare);
        options.StormSamples = reader.Int32(nameof(options.StormSamples), options.StormSamples);
        options.MinSampleBytes = reader.Size(nameof(options.MinSampleBytes), options.MinSampleBytes);
        options.PressureSamples = reader.Int32(nameof(options.PressureSamples), options.PressureSamples);
        options.CoolDown = reader.Duration(nameof(options.CoolDown), options.CoolDown);
        options.MaxActionsPerInterval = reader.Int32(nameof(options.MaxActionsPerInterval), options.MaxActionsPerInterval);
        options.MaxFlowRules = reader.Int32(nameof(options.MaxFlowRules), options.MaxFlowRules);
        reader.RefuseTheRest();
    }

    public static void Check(ZcrxRebalancingOptions options, Action<bool, string, string> check)
    {
        const string Path = nameof(ZcrxOptions.Rebalancing);
        check(Enum.IsDefined(options.Steering), $"{Path}:{nameof(options.Steering)}", $"must be {Permissions}");
        check(IsInterval(options.SampleInterval), $"{Path}:{nameof(options.SampleInterval)}", $"must be between a millisecond and a day, but is {options.SampleInterval}");
        check(options.StormShare is > 0 and <= 1, $"{Path}:{nameof(options.StormShare)}", $"must be above 0 and at most 1, but is {options.StormShare}");
        check(options.CalmShare > 0 && options.CalmShare < options.StormShare, $"{Path}:{nameof(options.CalmShare)}", $"must be above 0 and below StormShare, but is {options.CalmShare}");
        check(options.StormSamples >= 1, $"{Path}:{nameof(options.StormSamples)}", $"must be at least 1, but is {options.StormSamples}");
        check(options.MinSampleBytes >= 1, $"{Path}:{nameof(options.MinSampleBytes)}", $"must be at least 1, but is {options.MinSampleBytes}");
        check(options.PressureSamples >= 1, $"{Path}:{nameof(options.PressureSamples)}", $"must be at least 1, but is {options.PressureSamples}");
        check(options.CoolDown >= TimeSpan.Zero && options.CoolDown <= TimeSpan.FromDays(1), $"{Path}:{nameof(options.CoolDown)}", $"must be between zero and a day, but is {options.CoolDown}");
        // A connection that is moved and steered takes two.
        check(options.MaxActionsPerInterval >= 2, $"{Path}:{nameof(options.MaxActionsPerInterval)}", $"must be at least 2, but is {options.MaxActionsPerInterval}");
        check(options.MaxFlowRules >= 0, $"{Path}:{nameof(options.MaxFlowRules)}", $"must not be negative, but is {options.MaxFlowRules}");
    }

    private static bool IsInterval(TimeSpan span) => span >= TimeSpan.FromMilliseconds(1) && span <= TimeSpan.FromDays(1);
}
