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

    /// <summary>The observers of the connection.</summary>
    public IObserver<ReceivedBuffer>[] Observers = [];

    /// <summary>The connection's position when its run began.</summary>
    public long Start;

    /// <summary>Gets a value indicating whether the next completion has data, too.</summary>
    public readonly bool HasNext => At != End && IsData(*At);

    /// <summary>Gets a value indicating whether the connection has one observer, and no earlier buffer waits.</summary>
    public readonly bool IsUsual => Observers.Length == 1 && Connection.Undelivered.Count == 0;

    /// <summary>Determines whether a completion belongs to a receive and has data. The last completion of a receive has none.</summary>
    public static bool IsData(in Completion completion) => UserData.Decode(completion.UserData).Kind == RequestKind.Receive && completion.HasMore;
}
