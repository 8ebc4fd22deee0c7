using Zcrx.Benchmarks.Comparison;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Watches a receiver from outside: when the warm-up is over, when everything has arrived, and what the process used in between.</summary>
/// <remarks>A sampling thread, so that receivers with several threads need no shared counter; it costs all of them the same.</remarks>
internal sealed class Meter
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan StallLimit = TimeSpan.FromSeconds(30);

    private readonly ConnectionMeter[] _connections;
    private readonly long _expected;
    private readonly long _warmUp;
    private int _taken;

    /// <param name="connections">How many will come.</param>
    /// <param name="expected">Bytes of all of them together.</param>
    /// <param name="warmUp">How many of those only warm up: compile, fill pools, open windows.</param>
    /// <param name="readsAll">Whether every byte is read.</param>
    public Meter(int connections, long expected, long warmUp, bool readsAll)
    {
        _connections = new ConnectionMeter[connections];
        for (int i = 0; i < connections; i++)
        {
            _connections[i] = new ConnectionMeter(readsAll);
        }

        _expected = expected;
        _warmUp = warmUp;
    }

    /// <summary>The meter of the next connection. Any thread.</summary>
    public ConnectionMeter Next() => _connections[Interlocked.Increment(ref _taken) - 1];

    /// <summary>Blocks until everything has arrived, and says what it took after the warm-up.</summary>
    /// <exception cref="TimeoutException">Nothing has arrived for half a minute.</exception>
    public Measurement Run()
    {
        Snapshot warm = default;
        bool isWarm = false;
        long last = -1;
        long lastChange = Environment.TickCount64;
        while (true)
        {
            long bytes = Total();
            if (bytes != last)
            {
                last = bytes;
                lastChange = Environment.TickCount64;
            }
            else if (Environment.TickCount64 - lastChange > StallLimit.TotalMilliseconds)
            {
                throw new TimeoutException($"{bytes} of {_expected} bytes have arrived, and no more for {StallLimit.TotalSeconds} s.");
            }

            if (!isWarm && bytes >= _warmUp)
            {
                warm = Snapshot.Take(Total);
                isWarm = true;
            }

            if (bytes >= _expected)
            {
                Snapshot end = Snapshot.Take(Total);
                return end.Since(warm, Array.ConvertAll(_connections, static connection => connection.Sum));
            }

            Thread.Sleep(SampleInterval);
        }
    }

    private long Total()
    {
        long bytes = 0;
        foreach (ConnectionMeter connection in _connections)
        {
            bytes += connection.Bytes;
        }

        return bytes;
    }
}
