using System.Buffers;
using System.Buffers.Binary;
using Zcrx.Cluster.Shards;

namespace Zcrx.Cluster.Tests.Shards;

/// <summary>
/// Connects windows of senders with inboxes of entities. The network between them is simulated. It loses, repeats, delays and reorders
/// messages.
/// </summary>
internal sealed class WindowBench
{
    public const int Partitions = 3;
    public const int MaxChunks = 2;
    public const int MaxChunkBytes = 40;
    public const long MaxShardBytes = 100;
    public const int Longest = 60;

    private static readonly TimeSpan Resend = TimeSpan.FromSeconds(1);

    private readonly ShardBudget _budget = new(MaxShardBytes);
    private readonly List<(ShardWindow<int> Window, int[] Next)> _senders = [];
    private readonly FrameInbox[] _inboxes = [new(), new(), new()];
    private readonly List<FrameChunk> _chunks = [];
    private readonly List<FrameAcknowledgement> _acknowledgements = [];
    private readonly Queue<(int Sender, int Partition)> _granted = new();
    private readonly Dictionary<(Guid Source, int Partition), List<int>> _taken = [];
    private readonly HashSet<(int Sender, int Token)> _released = [];
    private TimeSpan _now;

    public WindowBench(int senders)
    {
        for (int i = 0; i < senders; i++)
        {
            int sender = i;
            ShardFlow flow = new(MaxChunks, MaxChunkBytes, Resend);
            _senders.Add((new ShardWindow<int>(Guid.NewGuid(), flow, partition => _budget.Claim(partition, () => _granted.Enqueue((sender, partition)))), new int[Partitions + 1]));
        }
    }

    public long Repeated => _senders.Sum(static sender => sender.Window.Resends);

    public void Send(int sender, int partition, int length)
    {
        (ShardWindow<int> window, int[] next) = _senders[sender];
        // The frame contains its number in the partition and its token, which are both unique.
        byte[] frame = new byte[Math.Max(length, 2 * sizeof(int))];
        BinaryPrimitives.WriteInt32LittleEndian(frame, next[partition]++);
        int token = next[Partitions]++;
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(sizeof(int)), token);
        window.Add(partition, new ReadOnlySequence<byte>(frame), token);
    }

    public void Flush(int sender)
    {
        _senders[sender].Window.Flush(_now);
        Collect();
    }

    /// <summary>Delivers one of the chunks in flight to its entity, which acknowledges it.</summary>
    /// <param name="index">The index of the chunk in the list of chunks in flight.</param>
    /// <param name="keep">True if the chunk stays in flight, so that it arrives again later.</param>
    public void DeliverChunk(int index, bool keep)
    {
        if (Take(_chunks, index, keep) is not { } chunk)
        {
            return;
        }

        FrameInbox inbox = _inboxes[chunk.Partition];
        List<int> taken = Taken(chunk.Source, chunk.Partition);
        foreach (ShardFrame frame in inbox.Accept(chunk))
        {
            taken.Add(BinaryPrimitives.ReadInt32LittleEndian(frame.Memory.Span));
            Assert.Equal(frame.Sequence, taken[^1]);
        }

        _acknowledgements.Add(inbox.Acknowledge(chunk));
    }

    public void DeliverAcknowledgement(int index, bool keep)
    {
        if (Take(_acknowledgements, index, keep) is not { } acknowledgement)
        {
            return;
        }

        foreach ((ShardWindow<int> window, _) in _senders)
        {
            window.OnAcknowledged(acknowledgement, _now);
        }

        Collect();
    }

    public void LoseChunk(int index) => Take(_chunks, index, keep: false);

    public void LoseAcknowledgement(int index) => Take(_acknowledgements, index, keep: false);

    /// <summary>Advances the time by the resend timeout. The windows then send again.</summary>
    public void Wait()
    {
        _now += Resend;
        foreach ((ShardWindow<int> window, _) in _senders)
        {
            window.OnTime(_now);
        }

        Collect();
    }

    /// <summary>Restarts an entity that has stored its positions, and therefore continues where it stopped.</summary>
    public void Rehome(int partition) => _inboxes[partition] = new FrameInbox([.. _inboxes[partition].Positions]);

    /// <summary>Restarts an entity that has stored nothing. Its frames that are not acknowledged are lost.</summary>
    public void Crash(int partition)
    {
        _inboxes[partition] = new FrameInbox();
        // If an acknowledgement has not arrived, the frames are sent again and the new entity takes them. They must not count as taken by
        // the old entity.
        foreach ((ShardWindow<int> window, _) in _senders)
        {
            List<int> taken = Taken(window.Source, partition);
            long oldest = window.OldestUnacknowledged(partition);
            taken.RemoveAll(number => number >= oldest);
        }

        // Drops all messages from and to the old entity. Otherwise, a delayed chunk could be taken twice, which at-least-once delivery
        // permits but this bench does not.
        _chunks.RemoveAll(chunk => chunk.Partition == partition);
        _acknowledgements.RemoveAll(acknowledgement => acknowledgement.Partition == partition);
    }

    /// <summary>Checks what must be true after every step.</summary>
    public void Check()
    {
        for (int partition = 0; partition < Partitions; partition++)
        {
            Assert.InRange(_budget.Used(partition), 0, Math.Max(MaxShardBytes, Longest));
            foreach ((ShardWindow<int> window, _) in _senders)
            {
                Assert.InRange(window.InFlight(partition), 0, MaxChunks);
            }
        }

        foreach (List<int> taken in _taken.Values)
        {
            // Each frame is taken once, in order and without a gap.
            Assert.Equal(Enumerable.Range(0, taken.Count), taken);
        }
    }

    /// <summary>
    /// Delivers everything that is in flight without faults. Checks that each frame has arrived and is acknowledged once.
    /// </summary>
    public void Finish()
    {
        for (int round = 0; !_senders.TrueForAll(static sender => sender.Window.IsEmpty); round++)
        {
            Assert.True(round < 10_000, "the windows do not become empty");
            for (int sender = 0; sender < _senders.Count; sender++)
            {
                Flush(sender);
            }

            while (_chunks.Count + _acknowledgements.Count > 0)
            {
                DeliverChunk(0, keep: false);
                DeliverAcknowledgement(0, keep: false);
                Check();
            }

            Wait();
        }

        for (int i = 0; i < _senders.Count; i++)
        {
            (ShardWindow<int> window, int[] next) = _senders[i];
            Assert.Equal(next[Partitions], _released.Count(released => released.Sender == i));
            for (int partition = 0; partition < Partitions; partition++)
            {
                Assert.Equal(Enumerable.Range(0, next[partition]), Taken(window.Source, partition));
            }

            window.ReturnBudgets();
        }

        Assert.All(Enumerable.Range(0, Partitions), partition => Assert.Equal(0, _budget.Used(partition)));
    }

    private static T? Take<T>(List<T> messages, int index, bool keep)
        where T : class
    {
        if (messages.Count == 0)
        {
            return null;
        }

        index %= messages.Count;
        T message = messages[index];
        if (!keep)
        {
            messages.RemoveAt(index);
        }

        return message;
    }

    private List<int> Taken(Guid source, int partition)
    {
        if (!_taken.TryGetValue((source, partition), out List<int>? taken))
        {
            taken = [];
            _taken.Add((source, partition), taken);
        }

        return taken;
    }

    private void Collect()
    {
        bool isDone = false;
        while (!isDone)
        {
            isDone = true;
            for (int i = 0; i < _senders.Count; i++)
            {
                ShardWindow<int> window = _senders[i].Window;
                _chunks.AddRange(window.Outgoing);
                window.Outgoing.Clear();
                foreach (int token in window.Acknowledged)
                {
                    Assert.True(_released.Add((i, token)), $"token {token} was acknowledged twice");
                }

                window.Acknowledged.Clear();
            }

            while (_granted.TryDequeue(out (int Sender, int Partition) granted))
            {
                _senders[granted.Sender].Window.OnGranted(granted.Partition, _now);
                isDone = false;
            }
        }
    }
}
