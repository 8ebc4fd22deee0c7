using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Holds the progress of a delivery: the completion, its connection and its observers.</summary>
/// <remarks>
/// The progress lies on the ring thread's stack, but outside the frame that calls observers. It therefore survives an exception of an
/// observer.
/// </remarks>
internal unsafe ref struct DeliveryRun(Completion* first, Completion* end, long turn)
{
    /// <summary>The completion whose buffer is lent now, or will be lent next.</summary>
    public Completion* At = first;

    /// <summary>The end of the adjacent completions.</summary>
    public readonly Completion* End = end;

    /// <summary>The number of the turn.</summary>
    public readonly long Turn = turn;

    /// <summary>The area that contains the buffer of the last completion.</summary>
    public AreaView Area;

    /// <summary>The connection of the buffers.</summary>
    public ConnectionReceiver Connection = null!;

    /// <summary>The only observer of the connection; null if it has none or several.</summary>
    public IObserver<ReceivedBuffer>? Observer;

    /// <summary>The number of bytes of the completions that were handled so far.</summary>
    public long Bytes;

    /// <summary>Gets a value indicating whether the next completion has data, too.</summary>
    public readonly bool HasNext => At != End && IsData(*At);

    /// <summary>Gets a value indicating whether a new buffer of the connection waits: earlier buffers do, or the connection is paused.</summary>
    public readonly bool MustWait
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Connection.Undelivered.Count > 0 || Connection.Control.IsPaused;
    }

    /// <summary>Determines whether a completion belongs to a receive and has data. The last completion of a receive has none.</summary>
    public static bool IsData(in Completion completion) => IsReceive(completion.UserData) && completion.HasMore;

    /// <summary>Determines whether a completion with this user data belongs to a receive.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsReceive(ulong userData) => UserData.Decode(userData).Kind == RequestKind.Receive;
}
