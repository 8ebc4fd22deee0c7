using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Listening;

/// <summary>
/// Finds the sockets that the kernel has accepted and whose completions were not handled. If they stayed open, their peers would
/// wait for a reply.
/// </summary>
/// <param name="requests">The ring.</param>
internal sealed class UnseenSockets(RingRequests requests)
{
    /// <summary>Resets and closes the sockets. Ring thread only.</summary>
    /// <param name="handled">The number of completions that were handled.</param>
    public void Close(uint handled) => Find(handled).ForEach(static unseen => Reset(new SafeSocketHandle(unseen, ownsHandle: true)));

    /// <summary>
    /// Resets the connections of a stuck ring thread, without closing the descriptors. The thread closes them if it continues. Any thread.
    /// </summary>
    /// <param name="handled">The number of completions that were handled.</param>
    public void Disconnect(uint handled) => Find(handled).ForEach(static unseen => _ = Libc.Disconnect(unseen));

    /// <summary>Closes an accepted socket with a reset.</summary>
    public static void Reset(SafeSocketHandle handle)
    {
        try
        {
            using Socket socket = new(handle) { LingerState = new LingerOption(true, 0) };
        }
        catch (SocketException)
        {
            // The peer had already disconnected.
            handle.Dispose();
        }
    }

    private List<int> Find(uint handled)
    {
        List<int> unseen = [];
        CompletionQueue completions = requests.Completions;
        // A ring with more completions than its capacity is corrupt. Its completions may name arbitrary descriptors, so none is touched.
        if (completions.IsEnded || completions.Ready is var ready && ready > completions.Capacity)
        {
            return unseen;
        }

        for (uint i = handled; i < ready; i++)
        {
            ref readonly Completion completion = ref completions.Peek(i);
            if (UserData.Decode(completion.UserData).Kind == RequestKind.Accept && completion.Result >= 0)
            {
                unseen.Add(completion.Result);
            }
        }

        return unseen;
    }
}
