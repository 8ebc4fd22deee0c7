using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Zcrx.AspNetCore;
using Zcrx.Dashboard.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Dashboard.Tests;

/// <summary>Tests that an application does not start, or stops, if everyone could access its dashboard.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task Dashboard_without_authorization_fails_the_start_and_names_the_fix()
    {
        InvalidOperationException exception = await Assert.ThrowsAsync<InvalidOperationException>(
            () => Site.StartAsync(new SiteOptions { Map = static app => app.MapZcrxDashboard("/zcrx") }));

        Assert.Contains("RequireAuthorization()", exception.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(ZcrxDashboardOptions.AllowAnonymousOnLoopback), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_whose_authorization_is_lifted_again_fails_the_start() => await Assert.ThrowsAsync<InvalidOperationException>(
        () => Site.StartAsync(new SiteOptions { Map = static app => app.MapZcrxDashboard("/zcrx").RequireAuthorization().AllowAnonymous() }));

    [Fact]
    public async Task Dashboard_without_authorization_in_a_group_fails_the_start() => await Assert.ThrowsAsync<InvalidOperationException>(
        () => Site.StartAsync(new SiteOptions { Map = static app => app.MapGroup("/admin").MapZcrxDashboard("/zcrx") }));

    [Fact]
    public async Task Dashboard_in_a_group_of_an_application_without_authorization_stops_it()
    {
        // This application builds its endpoints only at the first request, so the check comes after the start.
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddZcrx(static zcrx => zcrx.AddQueue(new ZcrxQueueOptions { Name = "web", Engine = ZcrxEngine.Emulated, AreaSize = 1 << 20 }));
        await using WebApplication app = builder.Build();
        app.MapGroup("/admin").MapZcrxDashboard("/zcrx");
        await app.StartAsync();

        await Deadline.UntilAsync(() => app.Lifetime.ApplicationStopping.IsCancellationRequested, "the application stops");

        await app.StopAsync();
    }

    [Fact]
    public async Task Authorization_of_a_group_protects_the_dashboard_in_it()
    {
        await using Site site = await Site.StartAsync(new SiteOptions { Map = static app => app.MapGroup("/admin").RequireAuthorization().MapZcrxDashboard("/zcrx") });
        using Operator visitor = site.Visit();

        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.GetAsync("/admin/zcrx/"));
        await visitor.SignInAsync("viewer");
        Assert.Equal(HttpStatusCode.OK, await visitor.GetAsync("/admin/zcrx/"));
        Assert.False(site.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task Commands_without_antiforgery_services_are_refused_and_the_error_names_them()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddZcrx();
        await using WebApplication app = builder.Build();

        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() => app.MapZcrxDashboard("/zcrx").MapCommands());

        Assert.Contains("AddAntiforgery()", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_without_queues_is_refused_and_the_error_names_AddZcrx()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        await using WebApplication app = builder.Build();

        Assert.Contains("AddZcrx", Assert.Throws<InvalidOperationException>(() => app.MapZcrxDashboard("/zcrx")).Message, StringComparison.Ordinal);
    }
}
