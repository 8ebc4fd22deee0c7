using Zcrx.Interop;

namespace Zcrx.Rx.Loop;

/// <summary>How far the delivery of received buffers has got, and for whom it is at work.</summary>
/// <remarks>On the ring thread's stack, but not in the frame that calls observers: so one that throws does not hide it.</remarks>
internal unsafe ref struct DeliveryRun(Completion* first, Completion* end)
{
    /// <summary>The completion whose buffer is lent, or is next.</summary>
    public Completion* At = first;

    /// <summary>Behind the last completion that lies side by side with the first.</summary>
    public readonly Completion* End = end;

    /// <summary>Where the buffers of the last completions lie.</summary>
    public AreaView Area;

    /// <summary>Whose buffers they are.</summary>
    public ZcrxConnection Connection = null!;

    /// <summary>Who gets them.</summary>
    public IObserver<ReceivedBuffer>[] Observers = [];

    /// <summary>The connection's position when its run began.</summary>
    public long Start;

    /// <summary>Whether the next completion is another one of received data.</summary>
    public readonly bool HasNext => At != End && IsData(*At);

    /// <summary>Whether its connection has one observer, and nothing waits to be delivered before.</summary>
    public readonly bool IsUsual => Observers.Length == 1 && Connection.Undelivered.Count == 0;

    /// <summary>Whether a completion brings bytes, and is not the end of a request or something else's.</summary>
    public static bool IsData(in Completion completion) => UserData.Decode(completion.UserData).Kind == RequestKind.Receive && completion.HasMore;
}
