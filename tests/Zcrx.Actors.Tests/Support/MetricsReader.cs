using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Reads the instruments of the meter of a host.</summary>
internal sealed class MetricsReader : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, List<(long Value, KeyValuePair<string, object?>[] Tags)>> _values = [];

    public MetricsReader(IServiceProvider services)
    {
        var factory = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // The hosts of other tests have meters with the same name.
            if (instrument.Meter.Name == "Zcrx" && instrument.Meter.Scope == factory)
            {
                Instruments.Add(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    public List<Instrument> Instruments { get; } = [];

    /// <summary>Gets the values that histograms have recorded, in order.</summary>
    public ConcurrentQueue<(string Name, double Value, KeyValuePair<string, object?>[] Tags)> Recorded { get; } = [];

    public IEnumerable<string> Names => Instruments.Select(instrument => instrument.Name);

    public long Read(string name, string tag = "zcrx.queue.name", string? value = null, string queue = "zcrx-0")
    {
        value ??= queue;
        _values.Clear();
        _listener.RecordObservableInstruments();
        var (measured, tags) = Assert.Single(_values[name], entry => entry.Tags.Any(pair => pair.Key == tag && (string?)pair.Value == value) && (tag == "zcrx.listener.name" || entry.Tags.Any(pair => pair.Key == "zcrx.queue.name" && (string?)pair.Value == queue)));
        // Counters must not have attributes that may change during the life of a queue.
        Assert.Equal(name == "zcrx.queue.open", tags.Any(pair => pair is { Key: "zcrx.engine", Value: "emulated" }));
        return measured;
    }

    /// <summary>Returns the attributes of all present values of an instrument.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Tags(string name)
    {
        _values.Clear();
        _listener.RecordObservableInstruments();
        return _values[name].SelectMany(static entry => entry.Tags);
    }

    /// <summary>Determines whether an instrument has a value. Some instruments have no series before their first event.</summary>
    public bool Has(string name)
    {
        _values.Clear();
        _listener.RecordObservableInstruments();
        return _values.ContainsKey(name);
    }

    public void Dispose() => _listener.Dispose();

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (instrument is Histogram<double>)
        {
            Recorded.Enqueue((instrument.Name, value, tags.ToArray()));
        }
        else
        {
            Note(instrument, (long)value, tags);
        }
    }

    private void Note(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!_values.TryGetValue(instrument.Name, out var values))
        {
            _values.Add(instrument.Name, values = []);
        }

        values.Add((value, tags.ToArray()));
    }
}
