using System.IO.Hashing;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Actors;
using Zcrx.Actors.Hosting;
using Zcrx.AspNetCore;
using Zcrx.Rx;

namespace Zcrx.Benchmarks.Web;

/// <summary>Contains the same web application over Kestrel's socket transport and over the engines of Zcrx.</summary>
internal static class WebServers
{
    public const string Sockets = "sockets";

    public static IReadOnlyList<string> Kinds { get; } = [Sockets, "emulated", "io_uring"];

    /// <summary>
    /// Starts the application on three ports. The first serves HTTP/1.1, the second HTTP/2 without TLS, and the third both with TLS.
    /// </summary>
    /// <returns>The ports in this order, and the engine with the reason for it.</returns>
    public static async Task<(IReadOnlyList<int> Ports, string Engine)> StartAsync(string kind)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseHttps(CreateCertificate()));
        });
        builder.Services.AddRoutingCore();
        if (kind != Sockets)
        {
            ZcrxEngine engine = kind == "io_uring" ? ZcrxEngine.IoUring : ZcrxEngine.Emulated;
            builder.Services.AddZcrx(zcrx => zcrx.AddQueue(new ZcrxQueueOptions { Name = "web", Engine = engine }));
            builder.WebHost.UseZcrx();
        }

        WebApplication app = builder.Build();
        app.MapGet("/hello", static () => "Hello");
        app.MapPut("/hash", HashAsync);
        await app.StartAsync();
        EngineChoice? chosen = app.Services.GetService<IZcrx>() is { } zcrx ? (await zcrx.GetStatusAsync()).Queues[0].Engine : null;
        return ([.. app.Urls.Select(static url => new Uri(url).Port)], chosen is null ? "the transport of Kestrel" : $"{chosen.Name}: {chosen.Reason}");
    }

    /// <summary>
    /// Replies with the hash of the request body. Hashing costs little, so the measured time is mostly that of receiving.
    /// </summary>
    private static async Task HashAsync(HttpContext context)
    {
        XxHash128 hash = new();
        while (true)
        {
            ReadResult read = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
            foreach (ReadOnlyMemory<byte> piece in read.Buffer)
            {
                hash.Append(piece.Span);
            }

            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        await context.Response.WriteAsync(Convert.ToHexString(hash.GetCurrentHash()));
    }

    private static X509Certificate2 CreateCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
