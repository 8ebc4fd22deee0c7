using Microsoft.Extensions.Configuration;

namespace LogIngest.Tests.Settings;

public sealed class DefaultSettingsTests
{
    // docs/examples/log-ingest.md states this number under "How much can wait".
    private const long BytesOfWaitingMessage = 500;

    [Fact]
    public void Default_limits_bound_the_memory_of_waiting_messages_and_end_silent_connections()
    {
        IConfigurationRoot settings = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json")).Build();
        IConfigurationSection listener = settings.GetSection("Zcrx:Listeners:0");
        long window = settings.GetValue<long>("LogIngest:Window");

        Assert.InRange(listener.GetValue<long>("MaxConnections") * window * BytesOfWaitingMessage, 1, 512L * 1_000_000);
        Assert.InRange(listener.GetValue<long>("MaxConnectionsPerAddress") * window * BytesOfWaitingMessage, 1, 128L * 1_000_000);
        Assert.InRange(listener.GetValue<TimeSpan>("IdleTimeout"), TimeSpan.FromMinutes(1), TimeSpan.FromDays(1));
    }
}
