using Zcrx.Rx;

namespace Zcrx.Actors.Serialization;

/// <summary>
/// Defines the fields of a serialized <see cref="ZcrxNodeStatus"/> and their order. A new field must be the last one of its record.
/// </summary>
internal static class NodeStatusFormat
{
    public static void Write(RecordWriter writer, ZcrxNodeStatus status) => writer.Record(record =>
    {
        record.Write(status.Node);
        record.Write(status.Time.UtcTicks);
        record.Write((int)status.State);
        record.Write(status.IsAccepting);
        record.Each(status.Reasons, static (inner, reason) => inner.Write(reason));
        record.Each(status.Queues, static (inner, queue) => inner.Record(fields => Write(fields, queue)));
        record.Each(status.Listeners, static (inner, listener) => inner.Record(fields => Write(fields, listener)));
        record.Each(status.Storms, static (inner, storm) => inner.Write(storm));
        record.Write(status.DegradedConnections);
    });

    public static ZcrxNodeStatus Read(RecordReader reader) => reader.Record(static record => new ZcrxNodeStatus
    {
        Node = record.Text(),
        Time = new DateTimeOffset(record.Number(), TimeSpan.Zero),
        State = (ZcrxState)record.Count(),
        IsAccepting = record.Flag(),
        Reasons = record.Each(static inner => inner.Text()),
        Queues = record.Each(static inner => inner.Record(ReadQueue)),
        Listeners = record.Each(static inner => inner.Record(ReadListener)),
        Storms = record.Each(static inner => inner.Text()),
        DegradedConnections = record.Count(),
    });

    private static void Write(RecordWriter writer, ZcrxNodeQueue queue)
    {
        writer.Write(queue.Name);
        writer.Write((int)queue.State);
        writer.Write(queue.Engine);
        writer.Write(queue.Restarts);
        writer.Write(queue.LastError);
        writer.Write((int)queue.Pressure);
        writer.Write(queue.IsStuck);
        writer.Write(queue.Buffers);
        writer.Write(queue.BuffersOut);
        writer.Write(queue.Connections);
        writer.Write(queue.PausedConnections);
        writer.Write(queue.BytesReceived);
        writer.Write(queue.CopiedBytes);
    }

    private static ZcrxNodeQueue ReadQueue(RecordReader reader) => new()
    {
        Name = reader.Text(),
        State = (QueueState)reader.Count(),
        Engine = reader.Text(),
        Restarts = reader.Number(),
        LastError = reader.Text(),
        Pressure = (PoolPressureLevel)reader.Count(),
        IsStuck = reader.Flag(),
        Buffers = reader.Count(),
        BuffersOut = reader.Count(),
        Connections = reader.Count(),
        PausedConnections = reader.Count(),
        BytesReceived = reader.Number(),
        CopiedBytes = reader.Number(),
    };

    private static void Write(RecordWriter writer, ZcrxNodeListener listener)
    {
        writer.Write(listener.Name);
        writer.Write(listener.EndPoint);
        writer.Write(listener.Connections);
        writer.Write(listener.Accepted);
        writer.Write(listener.Refused);
        writer.Write(listener.IsFull);
        writer.Write(listener.Error);
    }

    private static ZcrxNodeListener ReadListener(RecordReader reader) => new()
    {
        Name = reader.Text(),
        EndPoint = reader.Text(),
        Connections = reader.Count(),
        Accepted = reader.Number(),
        Refused = reader.Number(),
        IsFull = reader.Flag(),
        Error = reader.Text(),
    };
}
