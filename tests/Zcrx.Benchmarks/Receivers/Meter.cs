using Zcrx.Benchmarks.Comparison;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>
/// Observes a receiver on a separate thread: the end of the warm-up, the arrival of all bytes, and the resources used in between.
/// </summary>
/// <remarks>
/// A sampling thread reads the counters of all connections, so receivers with several threads need no shared counter. The thread costs all
/// receivers the same.
/// </remarks>
internal sealed class Meter
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan StallLimit = TimeSpan.FromSeconds(30);

    private readonly ConnectionMeter[] _connections;
    private readonly long _expected;
    private readonly long _warmUp;
    private int _taken;

    /// <param name="connections">The number of connections to expect.</param>
    /// <param name="expected">The total number of bytes.</param>
    /// <param name="warmUp">The number of bytes of the warm-up, during which code is compiled, pools fill and windows open.</param>
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

    /// <summary>Returns the meter of the next connection. Threading: any thread.</summary>
    public ConnectionMeter Next() => _connections[Interlocked.Increment(ref _taken) - 1];

    /// <summary>Blocks until all bytes have arrived. Returns the resources used after the warm-up.</summary>
    /// <exception cref="TimeoutException">No byte has arrived for half a minute.</exception>
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
