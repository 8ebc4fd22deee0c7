using Microsoft.Extensions.Configuration;
using Zcrx.Actors.Hosting;
using Zcrx.Actors.Options;
using Zcrx.Interop;

namespace Zcrx.Actors.Tests.Rebalancing;

public class RebalancingOptionsTests
{
    [Fact]
    public void Every_option_that_is_not_code_can_be_set_in_the_configuration()
    {
        ZcrxOptions options = Read(
            ("Enabled", "false"),
            ("PlaceConnections", "false"),
            ("AllowMoves", "false"),
            ("Steering", "rss-table"),
            ("SampleInterval", "00:00:00.500"),
            ("StormShare", "0.5"),
            ("CalmShare", "0.25"),
            ("StormSamples", "7"),
            ("MinSampleBytes", "1MiB"),
            ("PressureSamples", "9"),
            ("CoolDown", "00:01:00"),
            ("MaxActionsPerInterval", "11"),
            ("MaxFlowRules", "13"));

        Assert.Empty(options.Validate());
        ZcrxRebalancingOptions defaults = new();
        Assert.All(
            typeof(ZcrxRebalancingOptions).GetProperties().Where(static property => property.PropertyType.IsValueType),
            property => Assert.NotEqual(property.GetValue(defaults), property.GetValue(options.Rebalancing)));
        Assert.Equal(FlowSteeringPermission.RssTable, options.Rebalancing.Steering);
        Assert.Equal(13, OptionsChange.Between(new ZcrxOptions(), options) is var change ? change.Applied.Count + change.NeedRestart.Count : 0);
    }

    [Theory]
    [InlineData("Steering", "always", "is not forbidden, flow-rules or rss-table")]
    [InlineData("StormShare", "1.5", "at most 1")]
    [InlineData("CalmShare", "0.1", "below StormShare")]
    [InlineData("StormSamples", "0", "must be at least 1")]
    [InlineData("SampleInterval", "00:00:00", "between a millisecond and a day")]
    [InlineData("CoolDown", "-00:00:01", "between zero and a day")]
    [InlineData("MinSampleBytes", "0", "must be at least 1")]
    [InlineData("PressureSamples", "0", "must be at least 1")]
    [InlineData("MaxActionsPerInterval", "1", "must be at least 2")]
    [InlineData("MaxFlowRules", "-1", "must not be negative")]
    [InlineData("AllowMove", "true", "no such option")]
    public void Invalid_values_are_refused_with_their_path(string key, string value, string message)
    {
        ZcrxConfigurationError error = Assert.Single(Read((key, value)).Validate());
        Assert.Equal($"Zcrx:Rebalancing:{key}", error.Path);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static ZcrxOptions Read(params (string Key, string Value)[] settings)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(static setting => KeyValuePair.Create($"Zcrx:Rebalancing:{setting.Key}", (string?)setting.Value)))
            .Build();
        ZcrxOptions options = new();
        OptionsReader.Read(configuration.GetSection("Zcrx"), options);
        return options;
    }
}
