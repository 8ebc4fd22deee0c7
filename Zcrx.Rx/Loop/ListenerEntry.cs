using System.Net.Sockets;

namespace Zcrx.Rx.Loop;

/// <summary>A listening socket with its multishot accept. Used by the ring's thread only.</summary>
internal sealed class ListenerEntry(Socket socket, IObserver<ZcrxConnection> observer)
{
    /// <summary>The socket; owned by the entry.</summary>
    public Socket Socket { get; } = socket;

    public IObserver<ZcrxConnection> Observer { get; } = observer;

    public int Slot { get; set; }

    public uint Generation { get; set; }

    public bool IsArmed { get; set; }

    public bool IsRemoved { get; set; }

    /// <summary>After an error such as EMFILE: not before this time. The clock's ticks.</summary>
    public long RetryAt { get; set; }
}
