using Zcrx.Interop;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Issues the requests of connections on a ring with a registered queue.</summary>
internal sealed class ReceiveRequests(RingRequests requests, InterfaceQueue queue) : IReceiveRequests
{
    public bool IsDead => requests.IsDead;

    public void Receive(int socket, ulong tag, uint budget)
    {
        // The request waits for data first. Otherwise the read at submission and the read of later data would each end in a partly filled
        // buffer. One turn would then take more buffers than the budget has bytes for.
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
