using System.Globalization;
using Zcrx.Benchmarks.Comparison;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Runs all servers under all loads, in rounds. Each run uses a new server process and a new client process.</summary>
internal sealed class MessageRunner(MessageOptions options)
{
    // The number of connections that are opened before the baseline of the memory is read. The server has then allocated the memory that
    // does not depend on the number of connections.
    private const int FirstConnections = 500;
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(2);

    /// <exception cref="InvalidOperationException">A server or the client has failed.</exception>
    public async Task<CaseResults<MessageCase, MessageSample>> RunAsync()
    {
        CaseResults<MessageCase, MessageSample> results = new();
        for (int round = 0; round < options.Rounds; round++)
        {
            foreach (MessageScenario scenario in options.Scenarios)
            {
                // Each round starts with a different server.
                int first = round % options.Servers.Count;
                foreach (string server in options.Servers.Skip(first).Concat(options.Servers.Take(first)))
                {
                    MessageSample sample = await RunAsync(new MessageCase(server, scenario));
                    results.Add(new MessageCase(server, scenario), sample);
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"round {round + 1} of {options.Rounds}, {scenario}: {server,-14} {sample.CpuPerMessage,7:0.0} us CPU a message, {sample.Rate,8:0} messages/s, latency {sample.Median:0} us, p99 {sample.P99:0} us"));
                }
            }
        }

        return results;
    }

    private async Task<MessageSample> RunAsync(MessageCase item)
    {
        using CancellationTokenSource limit = new(RunLimit);
        try
        {
            using MessageServer server = await MessageServer.StartAsync(MessageServerKind.Find(item.Server)!);
            return item.Scenario.IsIdle ? await RunIdleAsync(server, item.Scenario, limit.Token) : await LoadAsync(server, item.Scenario, limit.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or InvalidOperationException)
        {
            string reason = exception is InvalidOperationException ? exception.Message : $"it did not end within {RunLimit.TotalMinutes} minutes";
            throw new InvalidOperationException($"{item.Server}, {item.Scenario}: {reason}", exception);
        }
    }

    private async Task<MessageSample> RunIdleAsync(MessageServer server, MessageScenario scenario, CancellationToken cancellation)
    {
        MessageScenario warming = new(FirstConnections, 1, 0);
        using MessageClient first = await MessageClient.ConnectAsync(server.Port, server.Id, warming, options, cancellation);
        (long bytes, int descriptors) = (await server.GetResidentBytesAsync(cancellation), server.Descriptors);
        using MessageClient client = await MessageClient.ConnectAsync(server.Port, server.Id, scenario, options, cancellation);
        double perConnection = 1.0 / scenario.Connections;
        double bytesPerConnection = (await server.GetResidentBytesAsync(cancellation) - bytes) * perConnection;
        double descriptorsPerConnection = (server.Descriptors - descriptors) * perConnection;
        return await client.MeasureAsync(cancellation) with { BytesPerConnection = bytesPerConnection, DescriptorsPerConnection = descriptorsPerConnection };
    }

    private async Task<MessageSample> LoadAsync(MessageServer server, MessageScenario scenario, CancellationToken cancellation)
    {
        using MessageClient client = await MessageClient.ConnectAsync(server.Port, server.Id, scenario, options, cancellation);
        return await client.MeasureAsync(cancellation);
    }
}
