using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.AspNetCore;
using Zcrx.Dashboard.Tests.Support;

namespace Zcrx.Dashboard.Tests;

/// <summary>Tests that an application whose dashboard would be open to everyone does not run.</summary>
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
    public async Task Dashboard_without_authorization_in_a_group_stops_the_application_and_answers_nothing()
    {
        await using Site site = await Site.StartAsync(new SiteOptions { Map = static app => app.MapGroup("/admin").MapZcrxDashboard("/zcrx") });
        CancellationToken stopping = site.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

        await Deadline.UntilAsync(() => stopping.IsCancellationRequested, "the application stops");
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
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddZcrx();
        await using WebApplication app = builder.Build();

        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() => app.MapZcrxDashboard("/zcrx").MapCommands());

        Assert.Contains("AddAntiforgery()", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_without_queues_is_refused_and_the_error_names_AddZcrx()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        await using WebApplication app = builder.Build();

        Assert.Contains("AddZcrx", Assert.Throws<InvalidOperationException>(() => app.MapZcrxDashboard("/zcrx")).Message, StringComparison.Ordinal);
    }
}
