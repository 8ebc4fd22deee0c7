using System.Reactive.Linq;

namespace Zcrx.Rx.Streams;

/// <summary>Protects a source, and the thread that publishes, from observers that throw.</summary>
internal static class GuardedObservable
{
    /// <summary>
    /// Unsubscribes an observer that throws, and reports the exception. Otherwise the exception would end the thread that publishes.
    /// </summary>
    /// <param name="source">The source. Each observer has its own subscription.</param>
    /// <param name="unhandled">Receives the exceptions of observers.</param>
    public static IObservable<T> Guarded<T>(this IObservable<T> source, Action<Exception> unhandled) => Observable.Create<T>(observer => source.Subscribe(
        value => Call(() => observer.OnNext(value), unhandled),
        error => Call(() => observer.OnError(error), unhandled),
        () => Call(observer.OnCompleted, unhandled)));

    private static void Call(Action callback, Action<Exception> unhandled)
    {
        try
        {
            // If the observer throws, Rx unsubscribes it before the exception reaches this method.
            callback();
        }
#pragma warning disable CA1031 // The application's observer may throw anything.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            unhandled(exception);
        }
    }
}
