using System.Collections.Concurrent;
using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Zcrx.Actors;
using Zcrx.AspNetCore;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Dashboard.Tests.Support;

/// <summary>Runs a service with two queues on an emulated interface, a listener and the dashboard.</summary>
internal sealed class Site : IAsyncDisposable
{
    private const int OurQueues = 2;

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<BufferLease> _held = [];
    private readonly Dictionary<string, EmulatedFaultPlan> _faults = new(StringComparer.Ordinal);
    private volatile bool _holds;
    private int? _storm;

    private Site(SiteOptions options)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(static cookie =>
        {
            cookie.Events.OnRedirectToLogin = static context => Refuse(context, StatusCodes.Status401Unauthorized);
            cookie.Events.OnRedirectToAccessDenied = static context => Refuse(context, StatusCodes.Status403Forbidden);
        });
        builder.Services.AddAuthorizationBuilder().AddPolicy("operators", static policy => policy.RequireRole("operator"));
        builder.Services.AddAntiforgery();
        options.Services?.Invoke(builder.Services);
        Nic = new EmulatedNic(new EmulatedNicOptions { RxQueues = 4 });
        builder.Services.AddZcrx(zcrx => zcrx
            .Configure(configured =>
            {
                configured.Rebalancing.Steering = options.Steering;
                configured.Restart.MinBackoff = options.Backoff;
                AddQueues(configured, options);
            })
            .Listen("127.0.0.1:0", Receive, name: "ingest"));
        _app = builder.Build();
        _app.UseAuthentication();
        _app.UseAuthorization();
        _app.MapPost("/sign-in/{role}", static (HttpContext context, string role) => context.SignInAsync(
            new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, role), new Claim(ClaimTypes.Role, role)], CookieAuthenticationDefaults.AuthenticationScheme))));
        (options.Map ?? (static app => app.MapZcrxDashboard("/zcrx", static dashboard => dashboard.AllowAnonymousOnLoopback = true)))(_app);
    }

    public EmulatedNic Nic { get; }

    /// <summary>
    /// Gets or sets a function that returns the exception which the handler throws for received bytes. It returns null for none.
    /// </summary>
    public Func<string, Exception?>? Fault { get; set; }

    public IServiceProvider Services => _app.Services;

    public IZcrx Zcrx => Services.GetRequiredService<IZcrx>();

    public IPEndPoint Ingest => Zcrx.EndPoints["ingest"];

    public string Address => _app.Urls.First();

    public static async Task<Site> StartAsync(SiteOptions? options = null)
    {
        Site site = new(options ?? new SiteOptions());
        try
        {
            await site._app.StartAsync();
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the handler lease every received buffer, until <see cref="Release"/> is called.</summary>
    public void Hold() => _holds = true;

    public void Release()
    {
        _holds = false;
        while (_held.TryDequeue(out BufferLease? lease))
        {
            lease.Dispose();
        }
    }

    /// <summary>Steers the packets of the listener to an unmanaged RX queue. The kernel then copies their payload.</summary>
    public void BeginStorm() => _storm = Nic.AddRule(new FlowRule(OurQueues + 1, LocalPort: Ingest.Port));

    public void EndStorm() => Nic.RemoveRule(_storm!.Value);

    public void Crash(string queue) => _faults[queue].BreakRings(1);

    public string Queue(int index) => $"{Nic.Name}-{index}";

    public Operator Visit() => new(Address);

    public async ValueTask DisposeAsync()
    {
        Release();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static Task Refuse(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private void AddQueues(ZcrxOptions configured, SiteOptions options)
    {
        if (_faults.Count == 0)
        {
            Nic.RssTable = [.. Nic.RssTable.Select(static (_, bucket) => bucket % OurQueues)];
        }

        for (int i = 0; i < OurQueues; i++)
        {
            if (!_faults.TryGetValue(Queue(i), out EmulatedFaultPlan? faults))
            {
                _faults[Queue(i)] = faults = new EmulatedFaultPlan();
            }

            configured.Queues.Add(new ZcrxQueueOptions
            {
                Name = Queue(i),
                Engine = ZcrxEngine.Emulated,
                Interface = Nic.Name,
                RxQueue = i,
                AreaSize = options.AreaSize,
                // With the default quota, each connection would be paused at its share of the pool. The pool would never be exhausted.
                ConnectionQuota = 1 << 20,
                Emulation = new EmulatedKernelOptions { Nics = [Nic], Faults = faults },
            });
        }
    }

    private IDisposable Receive(ZcrxConnection connection) => connection.Buffers.Subscribe(
        buffer =>
        {
            if (Fault?.Invoke(System.Text.Encoding.Latin1.GetString(buffer.Span)) is { } exception)
            {
                throw exception;
            }

            if (_holds)
            {
                _held.Enqueue(buffer.Retain());
            }
        });
}
