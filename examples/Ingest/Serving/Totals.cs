using Ingest.Display;

namespace Ingest.Serving;

/// <summary>Counts all received streams and bytes. Threading: ring threads write; any thread may read.</summary>
internal sealed class Totals
{
    private long _connections;
    private long _complete;
    private long _broken;
    private long _bytes;

    public void Opened() => Interlocked.Increment(ref _connections);

    public void Received(int bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Completed() => Interlocked.Increment(ref _complete);

    public void Broken() => Interlocked.Increment(ref _broken);

    public override string ToString()
    {
        string connections = Quantity.Of(Volatile.Read(ref _connections), "connection", "connections");
        long bytes = Volatile.Read(ref _bytes);
        return FormattableString.Invariant(
            $"{connections}: {Volatile.Read(ref _complete)} complete, {Volatile.Read(ref _broken)} broken; {Quantity.Bytes(bytes)} ({bytes} bytes) received");
    }
}
