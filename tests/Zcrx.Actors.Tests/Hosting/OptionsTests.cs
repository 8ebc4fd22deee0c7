using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

public class OptionsTests
{
    [Fact]
    public void Every_option_can_be_set_in_the_configuration()
    {
        var options = Read(
            ("Zcrx:Engine", "device-less"),
            ("Zcrx:DrainTimeout", "00:00:03"),
            ("Zcrx:Queues:0:Name", "first"),
            ("Zcrx:Queues:0:Engine", "Emulated"),
            ("Zcrx:Queues:0:AreaSize", "256 MiB"),
            ("Zcrx:Queues:0:MaxAreaSize", "1GiB"),
            ("Zcrx:Queues:0:BufferLength", "64KiB"),
            ("Zcrx:Queues:0:HugePages", "True"),
            ("Zcrx:Queues:0:CompletionEntries", "8192"),
            ("Zcrx:Queues:0:SubmissionEntries", "64"),
            ("Zcrx:Queues:0:HighWaterMark", "0.9"),
            ("Zcrx:Queues:0:LowWaterMark", "0.25"),
            ("Zcrx:Queues:0:ConnectionQuota", "10"),
            ("Zcrx:Queues:0:NotificationInterval", "00:00:00.250"),
            ("Zcrx:Queues:0:StatisticsInterval", "00:00:10"),
            ("Zcrx:Queues:0:ReceiveStallTimeout", "00:00:30"),
            ("Zcrx:Queues:0:UnobservedTimeout", "00:00:20"),
            ("Zcrx:Queues:0:PeerCloseTimeout", "00:00:05"),
            ("Zcrx:Queues:0:SpinBeforeSleep", "00:00:00.00004"),
            ("Zcrx:Queues:0:WhenConsumerFails", "close"),
            ("Zcrx:Queues:0:MaxCopiedFrameBytes", "32MiB"),
            ("Zcrx:Queues:0:DescriptorReserve", "100"),
            ("Zcrx:Queues:0:RecordLeaseOrigins", "true"),
            ("Zcrx:Queues:0:CheckBorrows", "true"),
            ("Zcrx:Queues:0:Emulation:Profile", "7.2"),
            ("Zcrx:Queues:0:Emulation:BuffersPerTurn", "16"),
            ("Zcrx:Queues:1:Interface", "eth0"),
            ("Zcrx:Queues:1:RxQueue", "3"),
            ("zcrx:queues:1:areasize", "1048576"),
            ("Zcrx:Listeners:0:Name", "ingest"),
            ("Zcrx:Listeners:0:EndPoint", "[::1]:9000"),
            ("Zcrx:Listeners:0:Backlog", "10"),
            ("Zcrx:Listeners:0:MaxConnections", "1000"),
            ("Zcrx:Listeners:0:IdleTimeout", "00:10:00"),
            ("Zcrx:Listeners:0:SendBufferSize", "64KiB"),
            ("Zcrx:Listeners:0:NoDelay", "false"),
            ("Zcrx:Takeover:Path", "/run/ingest/takeover"),
            ("Zcrx:Takeover:Timeout", "00:00:20"),
            ("Zcrx:Takeover:Linger", "00:30:00"),
            ("Zcrx:Restart:MinBackoff", "00:00:01"),
            ("Zcrx:Restart:MaxBackoff", "00:01:00"),
            ("Zcrx:Restart:RandomFactor", "0"),
            ("Zcrx:Restart:MaxRestarts", "3"),
            ("Zcrx:Restart:Within", "01:00:00"));

        Assert.Empty(options.Validate());
        Assert.Equal((ZcrxEngine.DeviceLess, TimeSpan.FromSeconds(3)), (options.Engine, options.DrainTimeout));
        Assert.Equal(
            new ZcrxQueueOptions
            {
                Name = "first", Engine = ZcrxEngine.Emulated, AreaSize = 256.MiB(), MaxAreaSize = 1.GiB(), BufferLength = 65536, HugePages = true, CompletionEntries = 8192, SubmissionEntries = 64,
                HighWaterMark = 0.9, LowWaterMark = 0.25, ConnectionQuota = 10, NotificationInterval = TimeSpan.FromMilliseconds(250), StatisticsInterval = TimeSpan.FromSeconds(10), ReceiveStallTimeout = TimeSpan.FromSeconds(30),
                UnobservedTimeout = TimeSpan.FromSeconds(20), PeerCloseTimeout = TimeSpan.FromSeconds(5), SpinBeforeSleep = TimeSpan.FromMicroseconds(40), WhenConsumerFails = ConsumerFailureAction.Close, MaxCopiedFrameBytes = 32.MiB(), DescriptorReserve = 100,
                RecordLeaseOrigins = true, CheckBorrows = true, Emulation = new EmulatedKernelOptions { Profile = EmulatedKernelProfile.Linux72, BuffersPerTurn = 16 },
            },
            options.Queues[0]);
        Assert.Equal(new ZcrxQueueOptions { Name = "eth0-3", Interface = "eth0", RxQueue = 3, AreaSize = 1.MiB() }, options.Queues[1]);
        var listener = Assert.Single(options.Listeners);
        Assert.Equal(("ingest", "[::1]:9000", 10), (listener.Name, listener.EndPoint, listener.Backlog));
        Assert.Equal((1000, TimeSpan.FromMinutes(10), 65536, false), (listener.MaxConnections, listener.IdleTimeout, listener.SendBufferSize, listener.NoDelay));
        Assert.Equal(
            ("/run/ingest/takeover", TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(30)),
            (options.Takeover.Path, options.Takeover.Timeout, options.Takeover.Linger));
        Assert.Equal(
            (TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), 0.0, 3, TimeSpan.FromHours(1)),
            (options.Restart.MinBackoff, options.Restart.MaxBackoff, options.Restart.RandomFactor, options.Restart.MaxRestarts, options.Restart.Within));
    }

    [Theory]
    [InlineData("Zcrx:Queues:0:AreaSize", "64MB", "'64MB' is not a size")]
    [InlineData("Zcrx:Queues:0:AreaSize", "100", "must be between")]
    [InlineData("Zcrx:Queues:0:BufferLength", "9999GiB", "must")]
    [InlineData("Zcrx:Queues:0:RxQueue", "two", "'two' is not a whole number")]
    [InlineData("Zcrx:Queues:0:HighWaterMark", "75%", "'75%' is not a number, such as 0.75")]
    [InlineData("Zcrx:Queues:0:HighWaterMark", "NaN", "must be above 0")]
    [InlineData("Zcrx:Queues:0:HugePages", "yes", "'yes' is not true or false")]
    [InlineData("Zcrx:Queues:0:Engine", "fast", "'fast' is not auto, nic, device-less, emulated or io-uring")]
    [InlineData("Zcrx:Queues:0:Engine", "3", "'3' is not auto, nic")]
    [InlineData("Zcrx:Queues:0:RxQueue", "0x10", "'0x10' is not a whole number")]
    [InlineData("Zcrx:Queues:0:Name", "", "")]
    [InlineData("Zcrx:Queues:0:TimeProvider", "x", "no such option")]
    [InlineData("Zcrx:Queues:0:Emulation:Nics:0", "x", "no such option; there are Profile, BuffersPerTurn", "Zcrx:Queues:0:Emulation:Nics")]
    [InlineData("Zcrx:Restart:IsPermanent", "x", "no such option")]
    [InlineData("Zcrx:Restart:WhenGivenUp", "0", "'0' is not move-connections, fall-back or end-connections")]
    [InlineData("Zcrx:Queues:0:StatisticsInterval", "5s", "'5s' is not a time span")]
    [InlineData("Zcrx:Queues:0:StatisticsInterval", "5", "'5' is not a time span")]
    [InlineData("Zcrx:Queues:0:Emulation:Profile", "5.10", "'5.10' is not a kernel that can be emulated: 6.19, 7.0, 7.1, 7.2.0, 7.2, 7.3")]
    [InlineData("Zcrx:Queues:0:Emulation:Speed", "1", "no such option; there are Profile, BuffersPerTurn")]
    [InlineData("Zcrx:Queues:0:Area", "1MiB", "no such option; there are Name, Engine, Interface, RxQueue, ConfigureNic, NicStateDirectory, AreaSize, MaxAreaSize,")]
    [InlineData("Zcrx:Queues:0:Name:x", "1", "expected one value, not a section", "Zcrx:Queues:0:Name")]
    [InlineData("Zcrx:Queues", "eth0", "expected a list, not 'eth0'")]
    [InlineData("Zcrx:Queues:1", "eth0", "expected a section, not 'eth0'")]
    [InlineData("Zcrx:Queue:0:Name", "x", "no such option; there are Engine, ActorName, Dispatcher, DrainTimeout, BindTimeout, Queues, Listeners, Restart, Watchdog, Takeover, Rebalancing", "Zcrx:Queue")]
    [InlineData("Zcrx:Restart", "never", "expected a section, not 'never'")]
    [InlineData("Zcrx:Takeover:Path", "takeover", "must be an absolute path of a socket, but is 'takeover'")]
    [InlineData("Zcrx:Takeover:ListenerTimeout", "1.00:00:01", "must be between zero and a day")]
    [InlineData("Zcrx:Takeover:Linger", "-00:00:01", "must be between zero and a day")]
    [InlineData("Zcrx:Takeover:Timeout", "soon", "'soon' is not a time span")]
    [InlineData("Zcrx:Restart:RandomFactor", "2", "must be between 0 and 1, but is 2")]
    [InlineData("Zcrx:Restart:MaxBackoff", "00:00:00.1", "must not be less than MinBackoff")]
    [InlineData("Zcrx:Restart:MaxRestarts", "-1", "must not be negative, but is -1")]
    [InlineData("Zcrx:Restart:Within", "00:00:00", "must be more than zero")]
    [InlineData("Zcrx:ActorName", "my actor", "'my actor' cannot be an actor's name")]
    [InlineData("Zcrx:DrainTimeout", "-00:00:01", "must be between zero and a day")]
    [InlineData("Zcrx:BindTimeout", "00:00:00", "must be above zero and at most a day")]
    [InlineData("Zcrx:Listeners:0:EndPoint", "9000", "'9000' is not an address; expected address and port, such as")]
    [InlineData("Zcrx:Listeners:0:EndPoint", "", "'' is not an address")]
    [InlineData("Zcrx:Listeners:0:EndPoint", "127.0.0.1:70000", "'127.0.0.1:70000' is not an address")]
    [InlineData("Zcrx:Listeners:0:Backlog", "0", "must be at least 1, but is 0")]
    public void Error_names_the_path_of_the_invalid_value(string key, string value, string message, string? path = null)
    {
        var options = Read(("Zcrx:Queues:0:Interface", null), ("Zcrx:Listeners:0:EndPoint", "127.0.0.1:0"), (key, value));

        Assert.Contains(options.Validate(), error => error.Path == (path ?? key) && error.Message.StartsWith(message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_errors_are_reported_at_once_and_before_anything_is_opened()
    {
        Received received = new();
        using var host = Build(
            builder => builder.AddQueue(new ZcrxQueueOptions { Name = "zcrx-0", CompletionEntries = 1 }).Listen("nowhere", received.Handle),
            ("Zcrx:Engine", "quick"),
            ("Zcrx:Queues:0:AreaSize", "2GiB"),
            ("Zcrx:Queues:1:Interface", "an-interface-with-a-long-name"),
            ("Zcrx:Queues:1:LowWaterMark", "0.8"),
            ("Zcrx:Listeners:0:EndPoint", "127.0.0.1:9000"),
            ("Zcrx:Listeners:1:EndPoint", "127.0.0.1:9000"),
            ("Zcrx:Threads", "4"));

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync().WithinLimit());

        Assert.Equal(
            [
                "Zcrx:Engine", "Zcrx:Threads", "Zcrx:Queues:0:AreaSize", "Zcrx:Queues:1:Interface", "Zcrx:Queues:1:LowWaterMark", "Zcrx:Queues:2:CompletionEntries",
                "Zcrx:Queues:2:SubmissionEntries", "Zcrx:Queues:2:Name", "Zcrx:Listeners:0", "Zcrx:Listeners:1:EndPoint", "Zcrx:Listeners:1", "Zcrx:Listeners:2:EndPoint",
            ],
            error.Failures.Select(failure => failure[..failure.IndexOf(": ", StringComparison.Ordinal)]));
        Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<IZcrx>().Supervisor);
    }

    [Theory]
    [InlineData("Zcrx:Queues:0:Nonsense", typeof(ZcrxQueueOptions), "TimeProvider", "DmaBuf", "NicReport")]
    [InlineData("Zcrx:Restart:Nonsense", typeof(ZcrxRestartOptions), "IsPermanent")]
    [InlineData("Zcrx:Rebalancing:Nonsense", typeof(ZcrxRebalancingOptions), "Permit", "NicFacts", "FlowSteering")]
    [InlineData("Zcrx:Takeover:Nonsense", typeof(ZcrxHostedTakeoverOptions))]
    public void Every_option_that_is_not_code_has_a_key(string path, Type options, params string[] code)
    {
        var message = Assert.Single(Read((path, "1")).Validate(), error => error.Path == path).Message;

        Assert.All(options.GetProperties().Select(property => property.Name).Except(code), name => Assert.Contains($" {name}", message));
    }

    [Fact]
    public void RX_queue_that_is_configured_twice_is_refused()
    {
        var options = Read(("Zcrx:Queues:0:Interface", "eth0"), ("Zcrx:Queues:1:Interface", "eth0"), ("Zcrx:Queues:1:Name", "other"));

        Assert.Equal(
            [new ZcrxConfigurationError("Zcrx:Queues:1:RxQueue", "queue 0 takes RX queue 0 of eth0 too")],
            options.Validate());
    }

    [Fact]
    public async Task A_listener_of_the_configuration_gets_its_handler_by_name()
    {
        Received named = new();
        Received others = new();
        using var host = Build(
            builder => builder.Handle(others.Handle).Handle("b", named.Handle),
            ("Zcrx:Engine", "emulated"),
            ("Zcrx:Listeners:0:EndPoint", "127.0.0.1:0"),
            ("Zcrx:Listeners:1:EndPoint", "127.0.0.1:0"),
            ("Zcrx:Listeners:1:Name", "b"));
        await host.StartAsync().WithinLimit();

        var endPoints = host.Services.GetRequiredService<IZcrx>().EndPoints;
        using System.Net.Sockets.Socket client = new(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        await client.ConnectAsync(endPoints[1]).WithinLimit();

        await named.StreamAsync(0);
        Assert.Empty(others.Streams);
        await host.StopAsync().WithinLimit();
    }

    [Fact]
    public async Task Errors_name_the_section_that_the_options_were_read_from()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Receiver:Main:Engine", "x")]).Build();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddZcrx(configuration.GetSection("Receiver:Main"));
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync().WithinLimit());

        Assert.Equal(["Receiver:Main:Engine: 'x' is not auto, nic, device-less, emulated or io-uring"], error.Failures);
    }

    [Fact]
    public void Range_of_queues_excludes_its_end()
    {
        ServiceCollection services = new();
        services.AddZcrx(static zcrx => zcrx.AddQueues("eth0", 2..4, 256.MiB()).UseEngine(ZcrxEngine.Nic));

        using var provider = services.BuildServiceProvider();
        var options = provider.GetRequiredService<IOptions<ZcrxOptions>>().Value;

        Assert.Equal(["eth0-2", "eth0-3"], options.Queues.Select(queue => queue.Name));
        Assert.All(options.EffectiveQueues(), queue => Assert.Equal((ZcrxEngine.Nic, "eth0", 256L << 20), (queue.Engine, queue.Interface, queue.AreaSize)));
        Assert.Throws<ArgumentException>(() => services.AddZcrx(static zcrx => zcrx.AddQueues("eth0", 2..)));
        Assert.Throws<ArgumentException>(() => services.AddZcrx(static zcrx => zcrx.AddQueues("eth0", 4..4)));
    }

    private static ZcrxOptions Read(params (string Key, string? Value)[] values)
    {
        using var host = Build(static builder => builder.Handle(static _ => null!), values);
        ZcrxOptions options = new();
        foreach (var configure in host.Services.GetServices<IConfigureOptions<ZcrxOptions>>())
        {
            configure.Configure(options);
        }

        foreach (var configure in host.Services.GetServices<IPostConfigureOptions<ZcrxOptions>>())
        {
            configure.PostConfigure(Microsoft.Extensions.Options.Options.DefaultName, options);
        }

        return options;
    }

    private static IHost Build(Action<ZcrxBuilder> configure, params (string Key, string? Value)[] values)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(values.DistinctBy(pair => pair.Key).Select(pair => KeyValuePair.Create(pair.Key, values.Last(other => other.Key == pair.Key).Value)));
        builder.Services.AddZcrx(builder.Configuration, configure);
        return builder.Build();
    }
}
