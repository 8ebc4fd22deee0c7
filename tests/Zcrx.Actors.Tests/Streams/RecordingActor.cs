using System.Threading.Channels;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;

namespace Zcrx.Actors.Tests.Streams;

/// <summary>Writes its messages to a channel, and acknowledges none of them.</summary>
internal sealed class RecordingActor(ChannelWriter<object> messages) : UntypedActor
{
    protected override void OnReceive(object message)
    {
        if (message is Crash)
        {
            throw new CrashException();
        }

        messages.TryWrite(message);
    }

    public sealed record Crash;
}
