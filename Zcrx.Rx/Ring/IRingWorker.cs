namespace Zcrx.Rx.Ring;

/// <summary>Runs work of other threads on the ring thread.</summary>
internal interface IRingWorker
{
    /// <inheritdoc cref="RingThread.Ended"/>
    Task Ended { get; }

    /// <inheritdoc cref="RingThread.IsAbandoned"/>
    bool IsAbandoned { get; }

    /// <inheritdoc cref="RingThread.Post"/>
    void Post(Action work, Action? refuse = null);

    /// <inheritdoc cref="RingThread.InvokeAsync{T}"/>
    Task<T> InvokeAsync<T>(Func<T> work, Func<T> refused, bool reportsFailure = false);

    /// <inheritdoc cref="RingThread.Signal"/>
    void Signal();

    /// <inheritdoc cref="RingThread.Wake"/>
    void Wake();
}
