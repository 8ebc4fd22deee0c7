using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Holds the progress of one delivery: the current completion, its connection and its observers.</summary>
/// <remarks>
/// The struct is a local of the method that starts the delivery, not of the one that calls observers. The progress therefore survives an
/// exception of an observer.
/// </remarks>
internal unsafe ref struct DeliveryRun(Completion* first, Completion* end, long turn)
{
    /// <summary>The completion whose buffer is being delivered, or is delivered next.</summary>
    public Completion* At = first;

    /// <summary>The end of the adjacent completions, exclusive.</summary>
    public readonly Completion* End = end;

    /// <summary>The number of the current turn.</summary>
    public readonly long Turn = turn;

    /// <summary>The area that contains the current buffer.</summary>
    public AreaView Area;

    /// <summary>The connection that received the current buffer.</summary>
    public ConnectionReceiver Connection = null!;

    /// <summary>The connection's observer if it has exactly one; otherwise null.</summary>
    public IObserver<ReceivedBuffer>? Observer;

    /// <summary>The number of received bytes in the completions that were handled.</summary>
    public long Bytes;

    /// <summary>Gets a value indicating whether the next completion is received data as well.</summary>
    public readonly bool HasNext => At != End && IsData(*At);

    /// <summary>Gets a value indicating whether a new buffer must wait, because earlier ones wait or the connection is paused.</summary>
    public readonly bool MustWait
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Connection.Undelivered.Count > 0 || Connection.Control.IsPaused;
    }

    /// <summary>Determines whether a completion is received data. The last completion of a receive has no data.</summary>
    public static bool IsData(in Completion completion) => IsReceive(completion.UserData) && completion.HasMore;

    /// <summary>Determines whether a completion with this user data belongs to a receive.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsReceive(ulong userData) => UserData.Decode(userData).Kind == RequestKind.Receive;
}
