using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Zcrx.Actors.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Metrics;

public class MetricsTests
{
    [Fact]
    public async Task Counters_span_restarts_and_gauges_follow_the_present()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(1, 1.MiB()).Listen("127.0.0.1:0", received.Handle, name: "door"));
        using Reader reader = new(host);
        using Probe probe = new(host.System, typeof(ZcrxEvent));

        using (var first = await host.ConnectAsync())
        {
            await first.SendAsync(new byte[10_000]);
            var stream = await received.StreamAsync(0);
            await Eventually.TrueAsync(() => stream.Length == 10_000, "the bytes arrive");
            Assert.Equal(1, reader.Read("zcrx.connections.active"));
            Assert.Equal(1, reader.Read("zcrx.listener.connections", "zcrx.listener", "door"));
            host.Crash("zcrx-0");
            probe.Expect<ZcrxEvent.QueueRestarting>();
            probe.Expect<ZcrxEvent.QueueOpened>();
        }

        using (var second = await host.ConnectAsync())
        {
            await second.SendAsync(new byte[5_000]);
            second.Shutdown(SocketShutdown.Send);
            var stream = await received.StreamAsync(1);
            Assert.Null(await stream.Ended.WithinLimit());
        }

        Assert.Equal(15_000, reader.Read("zcrx.receive.bytes"));
        Assert.Equal(15_000, reader.Read("zcrx.copy.bytes"));
        Assert.InRange(reader.Read("zcrx.receive.buffers"), 4, 15);
        Assert.Equal(2, reader.Read("zcrx.connections.accepted"));
        Assert.Equal(1, reader.Read("zcrx.queue.restarts"));
        Assert.Equal(1, reader.Read("zcrx.queue.open"));
        Assert.Equal(256, reader.Read("zcrx.pool.buffers.limit"));
        Assert.Equal(0, reader.Read("zcrx.pool.buffers.out"));
        Assert.Equal(0, reader.Read("zcrx.pool.pressure"));
        Assert.Equal(0, reader.Read("zcrx.connections.paused"));
        Assert.Equal(0, reader.Read("zcrx.notifications", "zcrx.notification.type", "no_buffers"));
        Assert.InRange(reader.Read("zcrx.notifications", "zcrx.notification.type", "copy"), 1, 10);
        foreach (string name in new[] { "zcrx.receive.pauses", "zcrx.receive.rearms", "zcrx.copy.fragments", "zcrx.refill.flushes", "zcrx.completion.overflows" })
        {
            Assert.InRange(reader.Read(name), 0, 1000);
        }

        await Eventually.TrueAsync(() => reader.Read("zcrx.connections.active") == 0, "no connection is left");
        Assert.Equal(reader.Names.Order(), reader.Names.Distinct().Order());
        Assert.All(reader.Instruments, instrument => Assert.False(string.IsNullOrEmpty(instrument.Description) || string.IsNullOrEmpty(instrument.Unit)));
    }

    /// <summary>Reads what the host's meter observes.</summary>
    private sealed class Reader : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, List<(long Value, KeyValuePair<string, object?>[] Tags)>> _values = [];

        public Reader(TestHost host)
        {
            var factory = host.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                // Other tests' hosts have meters of that name, too.
                if (instrument.Meter.Name == "Zcrx" && instrument.Meter.Scope == factory)
                {
                    Instruments.Add(instrument);
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
            _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
            _listener.Start();
        }

        public List<Instrument> Instruments { get; } = [];

        public IEnumerable<string> Names => Instruments.Select(instrument => instrument.Name);

        public long Read(string name, string tag = "zcrx.queue", string value = "zcrx-0")
        {
            _values.Clear();
            _listener.RecordObservableInstruments();
            var (measured, tags) = Assert.Single(_values[name], entry => entry.Tags.Any(pair => pair.Key == tag && (string?)pair.Value == value));
            Assert.True(tag == "zcrx.listener" || tags.Any(pair => pair is { Key: "zcrx.engine", Value: "emulated" }));
            return measured;
        }

        public void Dispose() => _listener.Dispose();

        private void Note(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (!_values.TryGetValue(instrument.Name, out var values))
            {
                _values.Add(instrument.Name, values = []);
            }

            values.Add((value, tags.ToArray()));
        }
    }
}
