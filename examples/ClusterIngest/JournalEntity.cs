using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Zcrx.Cluster;

namespace ClusterIngest;

/// <summary>Represents the entity of one partition. It stores frames in its journal and acknowledges them afterwards.</summary>
/// <remarks>
/// The position in the source is stored together with the frames. A frame that is sent again is therefore recognized, even if the process
/// was killed before the acknowledgement.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends with PostStop.")]
internal sealed class JournalEntity : ReceiveActor
{
    private readonly PartitionJournal _journal;
    private readonly FrameInbox _inbox;

    public JournalEntity(string directory, string partition, TimeSpan delay, WorkerTally tally)
    {
        _journal = new PartitionJournal(directory, partition);
        _inbox = new FrameInbox(_journal.Positions);
        ReceiveAsync<FrameChunk>(async chunk =>
        {
            IActorRef sender = Sender;
            long discarded = _inbox.Duplicates;
            IReadOnlyList<ShardFrame> frames = _inbox.Accept(chunk);
            if (frames.Count > 0)
            {
                await Task.Delay(delay);
                _journal.Append(chunk, frames);
            }

            tally.Add(frames.Count, _inbox.Duplicates - discarded);
            sender.Tell(_inbox.Acknowledge(chunk));
        });
        Receive<FrameSourceEnded>(_inbox.Forget);
    }

    protected override void PostStop() => _journal.Dispose();
}
