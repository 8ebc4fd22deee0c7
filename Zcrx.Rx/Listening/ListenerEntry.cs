using System.Net.Sockets;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Listening;

/// <summary>Represents a listening socket with its multishot accept. Ring thread only, except <see cref="TryConclude"/>.</summary>
/// <param name="socket">The socket; owned by the entry.</param>
/// <param name="observer">Receives the connections.</param>
/// <param name="gate">The limits; null for none.</param>
internal sealed class ListenerEntry(Socket socket, IObserver<ConnectionReceiver> observer, ListenerGate? gate)
{
    private int _isConcluded;

    public ListenerGate? Gate { get; } = gate;

    public Socket Socket { get; } = socket;

    public IObserver<ConnectionReceiver> Observer { get; } = observer;

    public int Slot { get; set; }

    public uint Generation { get; set; }

    public bool IsArmed { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether the accept request is multishot: it accepts connections until it ends or is cancelled.
    /// </summary>
    public bool IsMultishot { get; set; }

    /// <summary>Gets or sets the number of connections that a multishot request may accept before the ring thread can cancel it.</summary>
    public int Burst { get; set; }

    /// <summary>Gets or sets the <see cref="Burst"/> that is reserved for the armed multishot request; 0 when none is armed.</summary>
    public int ArmedBurst { get; set; }

    public bool IsRemoved { get; set; }

    /// <summary>Gets or sets the earliest time of the next accept request, after an error such as EMFILE.</summary>
    public long RetryAt { get; set; }

    /// <summary>Claims the right to end the listener, so that its socket is closed once and its observer ends once. Any thread.</summary>
    /// <returns>True for the first call only.</returns>
    public bool TryConclude() => Interlocked.Exchange(ref _isConcluded, 1) == 0;
}
