using Zcrx.Benchmarks.Messages;
using Zcrx.Rx;

namespace Zcrx.Benchmarks.Tests;

/// <summary>
/// Tests each server of small messages as the benchmark runs it: as a process, under the C client that checks all replies.
/// </summary>
public class MessageServerTests
{
    private static readonly MessageOptions Options = new() { WarmUp = TimeSpan.Zero, WarmUpMessages = 100, Duration = TimeSpan.FromMilliseconds(100) };

    public static TheoryData<string> Servers => [.. MessageServerKind.Usual.Concat([MessageServerKind.Find("zcrx-spin-50")!, MessageServerKind.Find("zcrx-io_uring-spin-50")!]).Select(static kind => kind.Name)];

    [SkippableTheory]
    [MemberData(nameof(Servers))]
    public async Task Server_answers_busy_connections_in_a_closed_and_in_an_open_loop(string name)
    {
        Skip.IfNot(File.Exists(Limit.PathOf("messages_client")), "The build found no C compiler.");
        if (name.Contains("io_uring", StringComparison.Ordinal))
        {
            await using ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = ZcrxEngine.IoUring, AreaSize = 1 << 20 });
            Skip.If(queue.Engine.Engine != ZcrxEngine.IoUring, queue.Engine.Reason);
        }

        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        using MessageServer server = await MessageServer.StartAsync(MessageServerKind.Find(name)!);
        foreach (MessageScenario scenario in (MessageScenario[])[new MessageScenario(40, 8, 0), new MessageScenario(8, 8, 2_000)])
        {
            using MessageClient client = await MessageClient.ConnectAsync(server.Port, server.Id, scenario, Options, limit.Token);

            MessageSample sample = await client.MeasureAsync(limit.Token);

            Assert.True(sample.Messages > 0);
            Assert.Equal(0, sample.Unanswered);
            Assert.True(sample.CpuSeconds > 0);
            Assert.InRange(sample.Median, 0, sample.P99);
            Assert.InRange(sample.P999, sample.P99, sample.Longest * 1.01);
        }

        Assert.True(await server.GetResidentBytesAsync(limit.Token) > 0);
        Assert.True(server.Descriptors > 3);
    }
}
