using Zcrx.Benchmarks.Comparison;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>
/// Measures a receiver from a separate thread. It notes the end of the warm-up and the arrival of all bytes, and the resources that were
/// used between them.
/// </summary>
/// <remarks>
/// The thread reads the counters of all connections, so receivers with several threads need no shared counter. It costs the same for all
/// receivers.
/// </remarks>
internal sealed class Meter
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan StallLimit = TimeSpan.FromSeconds(30);

    private readonly ConnectionMeter[] _connections;
    private readonly long _expected;
    private readonly long _warmUp;
    private int _taken;

    /// <param name="connections">The number of connections.</param>
    /// <param name="expected">The number of bytes of all connections.</param>
    /// <param name="warmUp">The number of bytes that are not measured. While they arrive, code is compiled, pools fill and TCP windows
    /// open.</param>
    /// <param name="readsAll">True if receivers read every byte, false if they read the first byte of each chunk.</param>
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

    /// <summary>Returns the meter for a new connection. Threading: any thread.</summary>
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
