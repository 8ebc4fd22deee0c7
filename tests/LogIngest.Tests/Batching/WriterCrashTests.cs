using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using LogIngest.Storing;
using LogIngest.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LogIngest.Tests.Batching;

/// <summary>Tests actors that crash while a batch is being stored.</summary>
public sealed class WriterCrashTests : IDisposable
{
    private readonly ManualStores _stores = new();
    private readonly RecordedLog _log = new();

    public void Dispose() => _log.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Collector_that_crashes_during_an_attempt_stores_each_batch_once_and_closes_no_store_in_use(bool succeeds)
    {
        await using ServiceHost service = await StartAsync();
        using Socket sender = await Client.ConnectAsync(service.EndPoint);
        ManualStores.Attempt attempt = await SendAsync(sender, "first");
        Assert.Equal("1/0: first", attempt.Batch);

        using Inbox failures = Inbox.Create(service.ActorSystem);
        service.ActorSystem.EventStream.Subscribe(failures.Receiver, typeof(Error));
        service.ActorSystem.ActorSelection("/user/ingest/writers/writer-0").Tell(Kill.Instance);
        // The supervisor logs the failure of the collector when it restarts it.
        Error failure = Assert.IsType<Error>(await failures.ReceiveAsync(Deadline.Limit));
        Assert.IsType<ActorKilledException>(failure.Cause);
        Assert.EndsWith("/writers/writer-0", failure.LogSource, StringComparison.Ordinal);
        await sender.SendAsync(Line("second"));
        // The restarted collector receives the second message.
        await Deadline.UntilAsync(() => service.Metrics.Received == 2, "the second message arrives");
        if (succeeds)
        {
            attempt.Succeed();
        }
        else
        {
            attempt.Fail();
            attempt = await _stores.NextAsync();
            Assert.Equal("1/1: first", attempt.Batch);
            attempt.Succeed();
        }

        attempt = await _stores.NextAsync();
        Assert.Equal("2/0: second", attempt.Batch);
        attempt.Succeed();
        await Deadline.UntilAsync(() => service.Metrics.Waiting == 0, "both messages are stored");

        attempt = await SendAsync(sender, "third");
        Assert.Equal("3/0: third", attempt.Batch);
        attempt.Succeed();
        await Deadline.UntilAsync(() => service.Metrics.Stored == 3, "all messages are stored");
        Assert.Equal((0, succeeds ? 0 : 1), (_stores.DisposedInUse, service.Metrics.FailedBatches));
        Assert.Equal(succeeds ? 0 : 1, _log.Messages.Count(static message => message.Contains("could not store 1 messages", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Supervisor_that_is_killed_starts_new_writers_and_resets_the_connections_of_lost_messages()
    {
        await using ServiceHost service = await StartAsync();
        using Socket sender = await Client.ConnectAsync(service.EndPoint);
        ManualStores.Attempt lost = await SendAsync(sender, "lost");
        IActorRef old = service.Writers.Next();

        service.ActorSystem.ActorSelection("/user/ingest/writers").Tell(Kill.Instance);

        SocketException error = await Assert.ThrowsAsync<SocketException>(() => sender.ReceiveAsync(new byte[1]).Within("the connection ends"));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        Assert.True(lost.IsCancelled);
        await Deadline.UntilAsync(() => !service.Writers.Next().Equals(old), "new writers start");
        Assert.Equal((1, 0), (service.Metrics.Lost, service.Metrics.Waiting));
        Assert.Contains(_log.Messages, static message => message.Contains("1 received messages are not stored", StringComparison.Ordinal));

        Task<bool> sending = Client.SendAsync(service.EndPoint, Line("next"));
        ManualStores.Attempt next = await _stores.NextAsync();
        Assert.Equal("1/0: next", next.Batch);
        next.Succeed();
        Assert.True(await sending.Within("the new writer stores"));

        Assert.Equal(0, _stores.Disposed);
        lost.Fail();
        await Deadline.UntilAsync(() => _stores.Disposed == 1, "the store closes after its attempt");
        Assert.Equal(1, service.Metrics.Stored);
    }

    private static byte[] Line(string text) => System.Text.Encoding.ASCII.GetBytes($"<13>1 - h a - - - {text}\n");

    private async Task<ManualStores.Attempt> SendAsync(Socket sender, string text)
    {
        await sender.SendAsync(Line(text));
        return await _stores.NextAsync();
    }

    private Task<ServiceHost> StartAsync() => ServiceHost.StartAsync(
        ["--store", "null", "--LogIngest:Writers", "1"],
        services: services => services.AddSingleton<ILogStores>(_stores).AddSingleton<ILoggerProvider>(_log));
}
