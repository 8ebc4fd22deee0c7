using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Zcrx.Actors;
using Zcrx.Actors.Hosting;
using Zcrx.Rx;

namespace Zcrx.AspNetCore.Tests;

/// <summary>
/// Represents a web server on a loopback port, with the transport of Zcrx or that of Kestrel. Its endpoints must behave the same with both.
/// </summary>
internal sealed class WebServer : IAsyncDisposable
{
    public const string Sockets = "sockets";
    public const string OnZcrx = "zcrx";

    private static readonly Lazy<X509Certificate2> Certificate = new(CreateCertificate);

    private readonly WebApplication _app;

    private readonly List<string> _complaints;

    private WebServer(WebApplication app, List<string> complaints) => (_app, _complaints) = (app, complaints);

    /// <summary>
    /// Gets the source of a task that completes when the request to <c>/upload</c> ends. The result is "whole", or the type of the
    /// exception that the handler has caught.
    /// </summary>
    public TaskCompletionSource<string> UploadEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets the source of a task that completes when a handler of <c>/upload</c> or <c>/wait</c> has started.</summary>
    public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets the source of a task that completes when the request to <c>/wait</c> is aborted.</summary>
    public TaskCompletionSource Aborted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Gets the source of a task for which two handlers wait: that of <c>/wait</c> before it replies, and that of <c>/upload</c> before it
    /// reads.
    /// </summary>
    public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets the certificate of servers with TLS, which clients must trust.</summary>
    public static string CertificatePem => Certificate.Value.ExportCertificatePem();

    public IServiceProvider Services => _app.Services;

    public IPEndPoint EndPoint => EndPoints[0];

    /// <summary>Gets the endpoints of the server, in the order of their configuration.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints => [.. _app.Urls.Select(static url => IPEndPoint.Parse(new Uri(url).Authority))];

    /// <summary>Gets the address of the server, with the port that the system has assigned.</summary>
    public string Address => _app.Urls.First();

    public static async Task<WebServer> StartAsync(string transport, bool tls = false, HttpProtocols? protocols = null, Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? map = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            // Only TLS can negotiate HTTP/1.1 or HTTP/2 on one port.
            listen.Protocols = protocols ?? (tls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1);
            if (tls)
            {
                listen.UseHttps(Certificate.Value);
            }
        }));
        if (tls)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        builder.Services.AddRoutingCore();
        if (transport == OnZcrx)
        {
            builder.Services.AddZcrx(zcrx => zcrx.AddQueue(new ZcrxQueueOptions { Name = "web", Engine = ZcrxEngine.Emulated, AreaSize = 4 << 20 }));
            builder.WebHost.UseZcrx();
        }

        configure?.Invoke(builder);
        List<string> complaints = [];
        builder.Logging.AddProvider(new ComplaintLog(complaints));
        WebApplication app = builder.Build();
        WebServer server = new(app, complaints);
        app.UseWebSockets();
        server.Map();
        map?.Invoke(app);
        try
        {
            await app.StartAsync();
            return server;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gets the log messages of level Warning and above.</summary>
    public IReadOnlyList<string> Logged
    {
        get
        {
            lock (_complaints)
            {
                return [.. _complaints];
            }
        }
    }

    public HttpClient CreateClient(Version? version = null) => new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.GetCertHashString() == Certificate.Value.Thumbprint },
        EnableMultipleHttp2Connections = true,
    })
    {
        BaseAddress = new Uri(Address),
        Timeout = TimeSpan.FromSeconds(60),
        DefaultRequestVersion = version ?? HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        _ = Go.TrySetResult();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static X509Certificate2 CreateCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    private void Map()
    {
        _app.MapGet("/hello", static () => "Hello");
        _app.MapGet("/abort", static (HttpContext context) => context.Abort());
        _app.MapPost("/echo", static async (HttpContext context) => await context.Request.Body.CopyToAsync(context.Response.Body));
        _app.MapPost("/hash", static async (HttpContext context) =>
            await context.Response.WriteAsync(Convert.ToHexString(await SHA256.HashDataAsync(context.Request.Body, context.RequestAborted))));
        _app.MapGet("/bytes/{count:int}", static async (HttpContext context, int count) =>
        {
            context.Response.ContentLength = count;
            await context.Response.Body.WriteAsync(Payload.Create(count));
        });
        _app.MapGet("/wait", async (HttpContext context) =>
        {
            _ = context.RequestAborted.Register(() => Aborted.TrySetResult());
            Begun.TrySetResult();
            await Go.Task;
            await context.Response.WriteAsync("Done");
        });
        _app.MapPost("/upload", UploadAsync);
        _app.MapGet("/ws", static async (HttpContext context) =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            byte[] buffer = new byte[64 << 10];
            while (await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } received)
            {
                await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
            }

            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        });
    }

    private async Task UploadAsync(HttpContext context)
    {
        Begun.TrySetResult();
        await Go.Task;
        try
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            UploadEnded.TrySetResult("whole");
        }
        catch (Exception exception)
        {
            UploadEnded.TrySetResult(exception.GetType().Name);
            throw;
        }
    }

    private sealed class ComplaintLog(List<string> complaints) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                lock (complaints)
                {
                    complaints.Add($"{eventId}: {formatter(state, exception)} {exception}");
                }
            }
        }

        public void Dispose()
        {
        }
    }
}
