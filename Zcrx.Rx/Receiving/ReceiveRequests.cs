using Zcrx.Interop;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Issues requests for connections on the ring of an interface queue.</summary>
internal sealed class ReceiveRequests(RingRequests requests, InterfaceQueue queue) : IReceiveRequests
{
    public bool IsDead => requests.IsDead;

    public void Receive(int socket, ulong tag, uint budget)
    {
        // The receive first waits for data. Otherwise the kernel would read once at submission and once when more data arrives. Each read
        // would end in a partly filled buffer, and the turn would take more buffers than its budget assumes.
        if (!queue.TryPrepareReceive(socket, tag, budget, waitsFirst: true))
        {
            requests.SubmitForRoom();
            _ = queue.TryPrepareReceive(socket, tag, budget, waitsFirst: true);
        }
    }

    public void Cancel(ulong tag) => requests.Cancel(tag);

    public void Submit()
    {
        if (!requests.IsDead)
        {
            requests.SubmitForRoom();
        }
    }

    public void Poll(int socket, uint events, ulong tag) => requests.Poll(socket, events, tag);
}
