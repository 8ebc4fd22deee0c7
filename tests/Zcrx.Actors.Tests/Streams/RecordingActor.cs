using System.Threading.Channels;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;

namespace Zcrx.Actors.Tests.Streams;

/// <summary>Passes on what it is told, with the sender, and answers nothing by itself.</summary>
internal sealed class RecordingActor(ChannelWriter<RecordingActor.Envelope> envelopes) : UntypedActor
{
    protected override void OnReceive(object message)
    {
        if (message is Crash)
        {
            throw new CrashException();
        }

        envelopes.TryWrite(new Envelope(message, Sender));
    }

    public sealed record Envelope(object Message, IActorRef Sender);

    public sealed record Crash;
}
