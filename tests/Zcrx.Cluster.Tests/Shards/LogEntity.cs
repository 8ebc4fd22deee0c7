using Akka.Actor;

namespace Zcrx.Cluster.Tests.Shards;

/// <summary>Represents the entity of a partition. It takes each frame once, even if it is restarted, and acknowledges the frames.</summary>
internal sealed class LogEntity : ReceiveActor, IWithTimers
{
    private readonly EntityLog _log;
    private readonly string _partition;
    private readonly string _node;
    private readonly FrameInbox _inbox;
    private readonly HashSet<long> _lost = [];
    private readonly List<(FrameChunk Chunk, IActorRef Sender)> _waiting = [];

    public LogEntity(EntityLog log, string partition)
    {
        (_log, _partition) = (log, partition);
        _node = Akka.Cluster.Cluster.Get(Context.System).SelfAddress.ToString();
        _inbox = new FrameInbox(log.Positions(partition));
        Receive<FrameChunk>(OnChunk);
        Receive<FrameSourceEnded>(_inbox.Forget);
        Receive<string>(_ => AnswerWaiting());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer("look", "look", TimeSpan.FromMilliseconds(20));

    private void OnChunk(FrameChunk chunk)
    {
        foreach (ShardFrame frame in _inbox.Accept(chunk))
        {
            (int connection, int key, int number) = TestFrames.Read(frame.Memory.Span);
            _log.Taken.Enqueue((connection, key, number, _node));
        }

        _log.Store(_partition, _inbox.Positions);
        Interlocked.Exchange(ref _log.Duplicates, _inbox.Duplicates);
        if (_log.LosesAcknowledgements && _lost.Add(chunk.FirstSequence))
        {
            return;
        }

        _waiting.Add((chunk, Sender));
        AnswerWaiting();
    }

    private void AnswerWaiting()
    {
        if (_log.IsAcknowledging)
        {
            _waiting.ForEach(waiting => waiting.Sender.Tell(_inbox.Acknowledge(waiting.Chunk)));
            _waiting.Clear();
        }
    }
}
