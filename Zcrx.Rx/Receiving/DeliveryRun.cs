using Zcrx.Interop;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Holds how far the delivery of received buffers has got, and for which connection.</summary>
/// <remarks>Lives on the ring thread's stack, but not in the frame that calls observers, so that it survives an observer that throws.</remarks>
internal unsafe ref struct DeliveryRun(Completion* first, Completion* end, long turn)
{
    /// <summary>The completion whose buffer is lent, or is next.</summary>
    public Completion* At = first;

    /// <summary>Behind the last completion that lies side by side with the first.</summary>
    public readonly Completion* End = end;

    /// <summary>The number of the turn.</summary>
    public readonly long Turn = turn;

    /// <summary>The area of the last completions' buffers.</summary>
    public AreaView Area;

    /// <summary>The connection of the buffers.</summary>
    public ConnectionReceiver Connection = null!;

    /// <summary>The observers of the connection.</summary>
    public IObserver<ReceivedBuffer>[] Observers = [];

    /// <summary>The connection's position when its run began.</summary>
    public long Start;

    /// <summary>Gets a value indicating whether the next completion is another one of received data.</summary>
    public readonly bool HasNext => At != End && IsData(*At);

    /// <summary>Gets a value indicating whether the connection has one observer, and nothing waits to be delivered before.</summary>
    public readonly bool IsUsual => Observers.Length == 1 && Connection.Undelivered.Count == 0;

    /// <summary>Returns whether a completion brings bytes, and is not the end of a request or a completion of another kind.</summary>
    public static bool IsData(in Completion completion) => UserData.Decode(completion.UserData).Kind == RequestKind.Receive && completion.HasMore;
}
