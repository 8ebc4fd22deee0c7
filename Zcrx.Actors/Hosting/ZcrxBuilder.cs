using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Zcrx.Actors.Hosting;
using Zcrx.Actors.Options;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Adds queues, listeners and options. Calls that set the same option apply in their order, and the last one wins.</summary>
/// <remarks>Threading: not thread-safe. Use it before the host starts.</remarks>
public sealed class ZcrxBuilder
{
    private readonly ZcrxSetup _setup;

    internal ZcrxBuilder(ZcrxSetup setup) => _setup = setup;

    /// <summary>
    /// Reads a configuration section. Later changes of the section are applied while the host runs, if the changed options allow this.
    /// Unreadable values and unknown keys fail the start and are all reported. A later change with such an error is refused as a whole.
    /// </summary>
    /// <param name="configuration">The section, or a whole configuration that contains the section <c>Zcrx</c>.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder Bind(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        IConfigurationSection section = configuration as IConfigurationSection ?? configuration.GetSection(ZcrxOptions.SectionName);
        _setup.Add(new ConfigurationChangeTokenSource<ZcrxOptions>(Microsoft.Extensions.Options.Options.DefaultName, section));
        return Configure(options => OptionsReader.Read(section, options));
    }

    /// <summary>Sets options directly.</summary>
    /// <param name="configure">Sets the options. Called when the host starts, and again after each change of the configuration.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder Configure(Action<ZcrxOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        _setup.Add((_, options) => configure(options));
        return this;
    }

    /// <summary>Sets the engine of all queues whose options leave the engine unspecified.</summary>
    /// <param name="engine">The engine. The default is Auto.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder UseEngine(ZcrxEngine engine) => Configure(options => options.Engine = engine);

    /// <summary>Sets how long a stop may deliver received bytes and wait for consumers.</summary>
    /// <param name="timeout">The maximum time. The default is 10 s.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder DrainTimeout(TimeSpan timeout) => Configure(options => options.DrainTimeout = timeout);

    /// <summary>
    /// Enables takeovers. At its start, this process takes over the listeners and queues of a running process with the same path, if there
    /// is one. A later process can take over from this one. See docs/takeover.md.
    /// </summary>
    /// <param name="path">The path of the Unix socket. It must be absolute, in a directory that belongs to the service.</param>
    /// <param name="linger">The time for which a replaced process may serve its established connections. The default is one hour.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder Takeover(string path, TimeSpan? linger = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Configure(options =>
        {
            options.Takeover.Path = path;
            options.Takeover.Linger = linger ?? options.Takeover.Linger;
        });
    }

    /// <summary>Adds a queue.</summary>
    /// <param name="queue">The options of the queue.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder AddQueue(ZcrxQueueOptions queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return Configure(options => options.Queues.Add(queue));
    }

    /// <summary>
    /// Adds a queue, and registers its actor in Akka.Hosting's <c>ActorRegistry</c>, so that <c>IRequiredActor&lt;TKey&gt;</c> resolves it.
    /// </summary>
    /// <typeparam name="TKey">The key: any type of the application. Each queue needs its own key.</typeparam>
    /// <param name="queue">The options of the queue.</param>
    /// <returns>This builder.</returns>
    /// <remarks>
    /// The actor answers <see cref="ZcrxCommand"/> like the supervisor does. A restart of the queue does not replace the actor.
    /// </remarks>
    public ZcrxBuilder AddQueue<TKey>(ZcrxQueueOptions queue)
    {
        AddQueue(queue);
        return QueueKey<TKey>(queue.Name);
    }

    /// <summary>
    /// Registers the actor of a queue in Akka.Hosting's <c>ActorRegistry</c> under a key. The queue may come from the configuration. See
    /// <see cref="AddQueue{TKey}"/>.
    /// </summary>
    /// <typeparam name="TKey">The key: any type of the application. Each queue needs its own key.</typeparam>
    /// <param name="queue">The queue's name.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder QueueKey<TKey>(string queue)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(queue);
        return Configure(options => options.QueueKeys[queue] = typeof(TKey));
    }

    /// <summary>Adds one queue for each RX queue in a range. The queues have names such as <c>eth0-2</c>.</summary>
    /// <param name="networkInterface">The name of the network interface.</param>
    /// <param name="queues">The RX queues. The end of the range is exclusive: <c>2..4</c> are the queues 2 and 3.</param>
    /// <param name="area">The memory of each queue. The default is 64 MiB.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">The range is empty, or counts from the end.</exception>
    public ZcrxBuilder AddQueues(string networkInterface, Range queues, ByteSize? area = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(networkInterface);
        if (queues.Start.IsFromEnd || queues.End.IsFromEnd || queues.Start.Value >= queues.End.Value)
        {
            throw new ArgumentException($"'{queues}' names no RX queues. Give first and end, where the end is not included: 2..4 for the queues 2 and 3.", nameof(queues));
        }

        for (int i = queues.Start.Value; i < queues.End.Value; i++)
        {
            AddQueue(WithArea(new ZcrxQueueOptions { Name = $"{networkInterface}-{i}", Interface = networkInterface, RxQueue = i }, area));
        }

        return this;
    }

    /// <summary>Adds queues without a NIC, named <c>zcrx-0</c>, <c>zcrx-1</c> and so on.</summary>
    /// <param name="count">The number of queues. Each has its own ring thread.</param>
    /// <param name="area">The memory of each queue. The default is 64 MiB.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder AddQueues(int count, ByteSize? area = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return Configure(options =>
        {
            for (int i = 0; i < count; i++)
            {
                options.Queues.Add(WithArea(new ZcrxQueueOptions { Name = $"zcrx-{options.Queues.Count}" }, area));
            }
        });
    }

    /// <summary>Accepts connections.</summary>
    /// <param name="endPoint">The address: <c>[::]:9000</c> (IPv4 too), <c>127.0.0.1:9000</c>, <c>*:9000</c>. With port 0 the kernel
    /// chooses the port; see <see cref="IZcrx.EndPoints"/>.</param>
    /// <param name="handler">
    /// Called with every connection, on the ring thread. It subscribes, and returns the subscription. The subscription is disposed when
    /// the connection has closed and operators such as <c>Process</c> have handled all received bytes; see
    /// <see cref="ZcrxConnection.Finished"/>.
    /// </param>
    /// <param name="name">The name of the listener. The default is its address.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder Listen(string endPoint, Func<ZcrxConnection, IDisposable> handler, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(handler);
        return Configure(options => options.Listeners.Add(new ZcrxListenerOptions { EndPoint = endPoint, Handler = handler, Name = name }));
    }

    /// <inheritdoc cref="Listen(string, Func{ZcrxConnection, IDisposable}, string?)"/>
    public ZcrxBuilder Listen(IPEndPoint endPoint, Func<ZcrxConnection, IDisposable> handler, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return Listen(endPoint.ToString(), handler, name);
    }

    /// <summary>Accepts connections, with a handler that needs services.</summary>
    /// <inheritdoc cref="Listen(string, Func{ZcrxConnection, IDisposable}, string?)"/>
    public ZcrxBuilder Listen(string endPoint, Func<IServiceProvider, ZcrxConnection, IDisposable> handler, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(handler);
        _setup.Add((services, options) => options.Listeners.Add(new ZcrxListenerOptions { EndPoint = endPoint, Handler = connection => handler(services, connection), Name = name }));
        return this;
    }

    /// <summary>Accepts connections, and runs an asynchronous handler for each.</summary>
    /// <param name="endPoint">
    /// The address: <c>[::]:9000</c> (IPv4 too), <c>127.0.0.1:9000</c>, <c>*:9000</c>. With port 0 the kernel chooses the port; see
    /// <see cref="IZcrx.EndPoints"/>.
    /// </param>
    /// <param name="handler">
    /// Handles one connection, on the thread pool. The connection closes when the returned task ends, and is reset when the task fails; see
    /// <see cref="ZcrxConnection.HandleAsync"/>. A stop of Zcrx waits for the task, at most for <see cref="ZcrxOptions.DrainTimeout"/>.
    /// </param>
    /// <param name="name">The name of the listener. The default is its address.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder Listen(string endPoint, Func<ZcrxConnection, CancellationToken, Task> handler, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Listen(endPoint, AsyncHandler.Of(handler), name);
    }

    /// <inheritdoc cref="Listen(string, Func{ZcrxConnection, CancellationToken, Task}, string?)"/>
    public ZcrxBuilder Listen(IPEndPoint endPoint, Func<ZcrxConnection, CancellationToken, Task> handler, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return Listen(endPoint.ToString(), handler, name);
    }

    /// <summary>
    /// Accepts connections, and runs an asynchronous handler for each. Every connection has its own service scope, from which the handler
    /// can resolve services. The scope ends with the handler.
    /// </summary>
    /// <inheritdoc cref="Listen(string, Func{ZcrxConnection, CancellationToken, Task}, string?)"/>
    public ZcrxBuilder Listen(string endPoint, Func<IServiceProvider, ZcrxConnection, CancellationToken, Task> handler, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Listen(endPoint, AsyncHandler.Of(handler), name);
    }

    /// <summary>Accepts connections. The container creates one handler per connection.</summary>
    /// <typeparam name="THandler">
    /// The type of the handlers. Every handler is created in its own service scope, and is disposed with this scope. If it is an
    /// <see cref="IZcrxAsyncConnectionHandler"/>, the scope and the connection end with its task.
    /// </typeparam>
    /// <param name="endPoint">The address: <c>[::]:9000</c> (IPv4 too), <c>127.0.0.1:9000</c>, <c>*:9000</c>. With port 0 the kernel
    /// chooses the port.</param>
    /// <param name="name">The name of the listener. The default is its address.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder Listen<THandler>(string endPoint, string? name = null)
        where THandler : class, IZcrxConnectionHandler => Listen(endPoint, ScopedHandler<THandler>.Handle, name);

    /// <summary>Assigns a type of handler to a listener of the configuration. The container creates one handler per connection.</summary>
    /// <typeparam name="THandler">The type of the handlers, as with <see cref="Listen{THandler}(string, string?)"/>.</typeparam>
    /// <param name="listener">The listener's name.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder Handle<THandler>(string listener)
        where THandler : class, IZcrxConnectionHandler => Handle(listener, ScopedHandler<THandler>.Handle);

    /// <summary>Assigns a handler that needs services to a listener of the configuration.</summary>
    /// <param name="listener">The listener's name.</param>
    /// <param name="handler">
    /// Called with every connection, as with <see cref="Listen(string, Func{ZcrxConnection, IDisposable}, string?)"/>.
    /// </param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder Handle(string listener, Func<IServiceProvider, ZcrxConnection, IDisposable> handler)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(listener);
        ArgumentNullException.ThrowIfNull(handler);
        // The service provider exists only once the host builds the options. The handler runs after that.
        IServiceProvider? provider = null;
        _setup.Add((services, _) => provider = services);
        return HandleWhere(options => options.EffectiveName == listener, connection => handler(provider!, connection));
    }

    /// <summary>Assigns an asynchronous handler to a listener of the configuration.</summary>
    /// <param name="listener">The listener's name.</param>
    /// <param name="handler">
    /// Handles one connection, as with <see cref="Listen(string, Func{ZcrxConnection, CancellationToken, Task}, string?)"/>.
    /// </param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder Handle(string listener, Func<ZcrxConnection, CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Handle(listener, AsyncHandler.Of(handler));
    }

    /// <summary>Assigns an asynchronous handler that needs services to a listener of the configuration.</summary>
    /// <inheritdoc cref="Handle(string, Func{ZcrxConnection, CancellationToken, Task})"/>
    public ZcrxBuilder Handle(string listener, Func<IServiceProvider, ZcrxConnection, CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Handle(listener, AsyncHandler.Of(handler));
    }

    /// <summary>Assigns a handler to a listener of the configuration.</summary>
    /// <param name="listener">The listener's name.</param>
    /// <param name="handler">
    /// Called with every connection, as with <see cref="Listen(string, Func{ZcrxConnection, IDisposable}, string?)"/>.
    /// </param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder Handle(string listener, Func<ZcrxConnection, IDisposable> handler)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(listener);
        ArgumentNullException.ThrowIfNull(handler);
        return HandleWhere(options => options.EffectiveName == listener, handler);
    }

    /// <summary>Assigns a handler to every listener of the configuration that has no handler.</summary>
    /// <param name="handler">
    /// Called with every connection, as with <see cref="Listen(string, Func{ZcrxConnection, IDisposable}, string?)"/>.
    /// </param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder Handle(Func<ZcrxConnection, IDisposable> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return HandleWhere(static options => options.Handler is null, handler);
    }

    /// <summary>
    /// Sets options of all listeners, such as limits, timeouts and socket options. Runs after all other configuration. Therefore it also
    /// applies to listeners that are added to this builder after this call.
    /// </summary>
    /// <param name="configure">Changes the options of a listener. Called once for each listener.</param>
    /// <returns>This builder.</returns>
    public ZcrxBuilder ConfigureListeners(Action<ZcrxListenerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return ForListeners(static _ => true, configure);
    }

    private static ZcrxQueueOptions WithArea(ZcrxQueueOptions queue, ByteSize? area) => area is { } size ? queue with { AreaSize = size } : queue;

    // Runs after all other configuration, so that Handle may be called before Listen or Bind.
    private ZcrxBuilder HandleWhere(Func<ZcrxListenerOptions, bool> which, Func<ZcrxConnection, IDisposable> handler) =>
        ForListeners(which, listener => listener.Handler = handler);

    private ZcrxBuilder ForListeners(Func<ZcrxListenerOptions, bool> which, Action<ZcrxListenerOptions> configure)
    {
        _setup.AddLast(options =>
        {
            foreach (ZcrxListenerOptions listener in options.Listeners.Where(which))
            {
                configure(listener);
            }
        });
        return this;
    }
}
