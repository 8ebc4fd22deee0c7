using Microsoft.Extensions.DependencyInjection;
using Zcrx.Rx;

namespace Zcrx.Actors.Hosting;

/// <summary>Holds the service scope of one connection, its handler and the handler's subscription.</summary>
/// <typeparam name="THandler">The application's handler.</typeparam>
/// <remarks>
/// <see cref="DisposeAsync"/> is called when the connection has ended. Its exception is reported like any other fault of a consumer.
/// </remarks>
internal sealed class ScopedHandler<THandler> : IDisposable, IAsyncDisposable
    where THandler : class, IZcrxConnectionHandler
{
    // Looks up the constructor of the handler once, not for every connection.
    private static readonly ObjectFactory<THandler> Factory = ActivatorUtilities.CreateFactory<THandler>([]);

    private readonly AsyncServiceScope _scope;
    private readonly THandler _handler;
    private readonly IDisposable? _subscription;

    private ScopedHandler(AsyncServiceScope scope, THandler handler, IDisposable? subscription)
    {
        _scope = scope;
        _handler = handler;
        _subscription = subscription;
    }

    /// <summary>Creates the handler of a connection and calls it. The scope of an asynchronous handler ends with its task.</summary>
    public static IDisposable Handle(IServiceProvider services, ZcrxConnection connection) =>
        typeof(THandler).IsAssignableTo(typeof(IZcrxAsyncConnectionHandler)) ? Asynchronous(services, connection) : Subscribe(services, connection);

    /// <summary>
    /// Gets a function that creates and runs an asynchronous handler in one task. Exceptions of the constructor and of the disposal are
    /// therefore reported like those of the handler.
    /// </summary>
    private static Func<IServiceProvider, ZcrxConnection, IDisposable> Asynchronous { get; } = AsyncHandler.Of(static async (scope, connection, token) =>
    {
        THandler handler = Factory(scope, null);
        try
        {
            await ((IZcrxAsyncConnectionHandler)handler).HandleAsync(connection, token).ConfigureAwait(false);
        }
        finally
        {
            await DisposeHandlerAsync(handler).ConfigureAwait(false);
        }
    });

    private static ScopedHandler<THandler> Subscribe(IServiceProvider services, ZcrxConnection connection)
    {
        AsyncServiceScope scope = services.CreateAsyncScope();
        THandler? handler = null;
        try
        {
            handler = Factory(scope.ServiceProvider, null);
            return new ScopedHandler<THandler>(scope, handler, handler.Handle(connection));
        }
        catch
        {
            // Only the exception of the handler is reported. An exception of this clean-up is ignored.
            _ = EndAsync(handler, scope).AsTask();
            throw;
        }
    }

    public void Dispose() => _ = DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        try
        {
            _subscription?.Dispose();
        }
        finally
        {
            await EndAsync(_handler, _scope).ConfigureAwait(false);
        }
    }

    private static async ValueTask EndAsync(THandler? handler, AsyncServiceScope scope)
    {
        await using (scope.ConfigureAwait(false))
        {
            await DisposeHandlerAsync(handler).ConfigureAwait(false);
        }
    }

    private static async ValueTask DisposeHandlerAsync(THandler? handler)
    {
        if (handler is IAsyncDisposable asynchronous)
        {
            await asynchronous.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            (handler as IDisposable)?.Dispose();
        }
    }
}
