using System.Reactive.Disposables;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Rx;

namespace Zcrx.Actors.Hosting;

/// <summary>
/// Adapts asynchronous handlers to handlers that return a subscription. The subscription is empty, because the connection itself waits
/// for its handler.
/// </summary>
internal static class AsyncHandler
{
    public static Func<ZcrxConnection, IDisposable> Of(Func<ZcrxConnection, CancellationToken, Task> handler) => connection => Start(connection, handler);

    /// <summary>Runs the handler in a separate service scope.</summary>
    public static Func<IServiceProvider, ZcrxConnection, IDisposable> Of(Func<IServiceProvider, ZcrxConnection, CancellationToken, Task> handler) =>
        (services, connection) => Start(connection, async (served, token) =>
        {
            AsyncServiceScope scope = services.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                await handler(scope.ServiceProvider, served, token).ConfigureAwait(false);
            }
        });

    private static IDisposable Start(ZcrxConnection connection, Func<ZcrxConnection, CancellationToken, Task> handler)
    {
        // The task is not awaited, because it never faults. The queue reports failures of the handler.
        _ = connection.HandleAsync(handler);
        return Disposable.Empty;
    }
}
