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

    /// <summary>The observers that receive the current buffer.</summary>
    public IObserver<ReceivedBuffer>[] Observers = [];

    /// <summary>The stream offset up to which the connection's bytes are counted.</summary>
    public long Start;

    /// <summary>Gets a value indicating whether the next completion is received data as well.</summary>
    public readonly bool HasNext => At != End && IsData(*At);

    /// <summary>Gets a value indicating whether the connection has exactly one observer and no earlier buffers wait for it.</summary>
    public readonly bool IsUsual => Observers.Length == 1 && Connection.Undelivered.Count == 0;

    /// <summary>Determines whether a completion is received data. The last completion of a receive has no data.</summary>
    public static bool IsData(in Completion completion) => UserData.Decode(completion.UserData).Kind == RequestKind.Receive && completion.HasMore;
}
