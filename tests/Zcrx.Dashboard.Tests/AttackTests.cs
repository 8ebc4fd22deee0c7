using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json;
using LogIngest.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Zcrx.Actors;
using Zcrx.AspNetCore;
using Zcrx.Dashboard.Tests.Support;

namespace Zcrx.Dashboard.Tests;

/// <summary>
/// Tests attacks on the dashboard. The attackers are clients without access, other sites in an operator's browser, and peers of the
/// service.
/// </summary>
public sealed class AttackTests
{
    private const string Foreign = "https://attacker.example";

    private static readonly SiteOptions Protected = new()
    {
        Map = static app => app.MapZcrxDashboard("/zcrx").RequireAuthorization().MapCommands().RequireAuthorization("operators"),
    };

    private static readonly SiteOptions OpenWithCommands = new()
    {
        Map = static app => app.MapZcrxDashboard("/zcrx", static options => options.AllowAnonymousOnLoopback = true).MapCommands(),
    };

    public static TheoryData<string> Pages => ["/zcrx", "/zcrx/", "/zcrx/assets/app.js", "/zcrx/api/session", "/zcrx/api/stream", "/zcrx/api/connections", "/zcrx/commands/token"];

    public static TheoryData<string, string> Commands => new()
    {
        { "pause", """{"connection":1}""" }, { "resume", """{"connection":1}""" }, { "move", """{"connection":1,"queue":"enic0-0"}""" }, { "restart", """{"queue":"enic0-0"}""" },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Anonymous_request_is_refused(string path)
    {
        await using Site site = await Site.StartAsync(Protected);
        using Operator visitor = site.Visit();

        Assert.Equal(HttpStatusCode.Unauthorized, await visitor.GetAsync(path));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Anonymous_command_is_refused(string command, string body)
    {
        await using Site site = await Site.StartAsync(Protected);
        using Operator visitor = site.Visit();

        using HttpResponseMessage response = await visitor.PostAsync($"/zcrx/commands/{command}", body, site.Address);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Viewer_sees_the_page_and_is_refused_the_commands_of_operators()
    {
        await using Site site = await Site.StartAsync(Protected);
        using Operator viewer = site.Visit();
        await viewer.SignInAsync("viewer");

        Assert.Equal(HttpStatusCode.OK, await viewer.GetAsync("/zcrx/"));
        Assert.Equal(HttpStatusCode.Forbidden, await viewer.GetAsync("/zcrx/commands/token"));
        using HttpResponseMessage response = await viewer.PostAsync("/zcrx/commands/restart", $$"""{"queue":"{{site.Queue(0)}}"}""", site.Address);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("viewer", false)]
    [InlineData("operator", true)]
    public async Task Session_offers_commands_only_to_users_that_may_send_them(string role, bool expected)
    {
        await using Site site = await Site.StartAsync(Protected);
        using Operator visitor = site.Visit();
        await visitor.SignInAsync(role);

        Assert.Equal(expected, (await visitor.JsonAsync("/zcrx/api/session")).GetProperty("hasCommands").GetBoolean());
    }

    [Fact]
    public async Task Session_offers_commands_without_authorization_if_they_are_mapped()
    {
        await using Site open = await Site.StartAsync(OpenWithCommands);
        await using Site readOnly = await Site.StartAsync();
        using Operator visitor = open.Visit();
        using Operator reader = readOnly.Visit();

        Assert.True((await visitor.JsonAsync("/zcrx/api/session")).GetProperty("hasCommands").GetBoolean());
        Assert.False((await reader.JsonAsync("/zcrx/api/session")).GetProperty("hasCommands").GetBoolean());
    }

    [Fact]
    public async Task Operator_with_a_token_restarts_a_queue()
    {
        await using Site site = await Site.StartAsync(Protected);
        using Operator @operator = site.Visit();
        await @operator.SignInAsync("operator");
        var token = await @operator.TokenAsync();

        using HttpResponseMessage response = await @operator.PostAsync("/zcrx/commands/restart", $$"""{"queue":"{{site.Queue(0)}}"}""", site.Address, token);

        Assert.Equal((HttpStatusCode.OK, 1), (response.StatusCode, (await site.Zcrx.GetStatusAsync()).Queues[0].Restarts));
    }

    [Fact]
    public async Task Token_of_another_user_is_refused()
    {
        await using Site site = await Site.StartAsync(Protected);
        using Operator @operator = site.Visit();
        await @operator.SignInAsync("viewer");
        await @operator.SignInAsync("operator");
        using Operator other = site.Visit();
        await other.SignInAsync("operator");
        var token = await other.TokenAsync();

        using HttpResponseMessage response = await @operator.PostAsync("/zcrx/commands/restart", $$"""{"queue":"{{site.Queue(0)}}"}""", site.Address, token);

        Assert.Equal((HttpStatusCode.BadRequest, 0), (response.StatusCode, (await site.Zcrx.GetStatusAsync()).Queues[0].Restarts));
    }

    [Fact]
    public async Task Commands_are_off_by_default()
    {
        await using Site site = await Site.StartAsync();
        using Operator visitor = site.Visit();

        Assert.Equal(HttpStatusCode.NotFound, await visitor.GetAsync("/zcrx/commands/token"));
        using HttpResponseMessage response = await visitor.PostAsync("/zcrx/commands/restart", $$"""{"queue":"{{site.Queue(0)}}"}""", site.Address);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Request_with_a_foreign_Host_is_refused(string path)
    {
        // If any Host header were accepted, a site whose name resolves to 127.0.0.1 could read the page of a dashboard on loopback.
        await using Site site = await Site.StartAsync(OpenWithCommands);
        using Operator visitor = site.Visit();

        Assert.Equal(HttpStatusCode.Forbidden, await visitor.GetAsync(path, host: $"attacker.example:{new Uri(site.Address).Port}"));
    }

    [Fact]
    public async Task Only_configured_hosts_are_allowed_with_authorization()
    {
        await using Site site = await Site.StartAsync(new SiteOptions
        {
            Map = static app => app.MapZcrxDashboard("/zcrx", static options => options.AllowedHosts.Add("ops.example")).RequireAuthorization(),
        });
        using Operator viewer = site.Visit();
        await viewer.SignInAsync("viewer");

        Assert.Equal(HttpStatusCode.OK, await viewer.GetAsync("/zcrx/", host: "ops.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await viewer.GetAsync("/zcrx/", host: "attacker.example"));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Request_with_a_foreign_Origin_is_refused(string path)
    {
        await using Site site = await Site.StartAsync(OpenWithCommands);
        using Operator visitor = site.Visit();

        Assert.Equal(HttpStatusCode.Forbidden, await visitor.GetAsync(path, Foreign));
        Assert.Equal(HttpStatusCode.Forbidden, await visitor.GetAsync(path, "null"));
        // This origin is another application on the same machine.
        Assert.Equal(HttpStatusCode.Forbidden, await visitor.GetAsync(path, "http://127.0.0.1:1"));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Cross_site_post_is_refused(string command, string body)
    {
        await using Site site = await Site.StartAsync(OpenWithCommands);
        using Operator visitor = site.Visit();
        var token = await visitor.TokenAsync();
        string path = $"/zcrx/commands/{command}";

        using HttpResponseMessage foreign = await visitor.PostAsync(path, body, Foreign, token);
        using HttpResponseMessage without = await visitor.PostAsync(path, body, origin: null, token);
        using HttpResponseMessage unsigned = await visitor.PostAsync(path, body, site.Address);
        using HttpResponseMessage form = await visitor.PostAsync(path, body, site.Address, token, type: "text/plain");
        using HttpResponseMessage rebound = await visitor.PostAsync(path, body, "http://attacker.example", token, host: "attacker.example");

        Assert.Equal(
            [HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.Forbidden],
            new[] { foreign, without, unsigned, form, rebound }.Select(static response => response.StatusCode));
        Assert.All((await site.Zcrx.GetStatusAsync()).Queues, static queue => Assert.Equal(0, queue.Restarts));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"queue\":7}")]
    [InlineData("{\"queue\":\"no such queue\"}")]
    public async Task Command_for_an_unknown_target_fails(string body)
    {
        await using Site site = await Site.StartAsync(OpenWithCommands);
        using Operator visitor = site.Visit();

        using HttpResponseMessage response = await visitor.PostAsync("/zcrx/commands/restart", body, site.Address, await visitor.TokenAsync());

        Assert.Contains(response.StatusCode, new[] { HttpStatusCode.BadRequest, HttpStatusCode.NotFound });
    }

    [Theory]
    [InlineData("Forwarded", "for=192.0.2.1")]
    [InlineData("X-Forwarded-For", "192.0.2.1")]
    [InlineData("X-Forwarded-Host", "zcrx.example")]
    [InlineData("X-Real-IP", "192.0.2.1")]
    [InlineData("Via", "1.1 proxy")]
    public async Task Request_through_a_proxy_does_not_count_as_one_of_this_machine(string header, string value)
    {
        await using Site site = await Site.StartAsync();
        using Operator visitor = site.Visit();

        Assert.Equal(HttpStatusCode.Forbidden, await visitor.GetAsync("/zcrx/", header: (header, value)));
        // The user is signed in, but no authorization policy permits this role to see the dashboard.
        await visitor.SignInAsync("viewer");
        Assert.Equal(HttpStatusCode.Forbidden, await visitor.GetAsync("/zcrx/", header: (header, value)));
    }

    [Fact]
    public async Task User_that_the_authorization_allows_may_come_through_a_proxy()
    {
        await using Site site = await Site.StartAsync(new SiteOptions
        {
            Map = static app => app.MapZcrxDashboard("/zcrx", static options => options.AllowAnonymousOnLoopback = true).RequireAuthorization(),
        });
        using Operator visitor = site.Visit();
        await visitor.SignInAsync("viewer");

        Assert.Equal(HttpStatusCode.OK, await visitor.GetAsync("/zcrx/", header: ("X-Forwarded-For", "192.0.2.1")));
    }

    [SkippableFact]
    public async Task Request_to_another_address_of_the_machine_does_not_count_as_one_of_loopback()
    {
        IPAddress? address = NetworkInterface.GetAllNetworkInterfaces()
            .Where(static link => link.OperationalStatus == OperationalStatus.Up)
            .SelectMany(static link => link.GetIPProperties().UnicastAddresses)
            .Select(static unicast => unicast.Address)
            .FirstOrDefault(static address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
        Skip.If(address is null, "This machine has only loopback addresses.");
        await using Site site = await Site.StartAsync(new SiteOptions
        {
            Map = static app =>
            {
                app.Urls.Clear();
                app.Urls.Add("http://0.0.0.0:0");
                app.MapZcrxDashboard("/zcrx", static options => options.AllowAnonymousOnLoopback = true);
            },
        });
        using Operator visitor = new($"http://{address}:{new Uri(site.Address).Port}");

        Assert.Equal(HttpStatusCode.Forbidden, await visitor.GetAsync("/zcrx/", host: "localhost"));
        await visitor.SignInAsync("viewer");
        Assert.Equal(HttpStatusCode.Forbidden, await visitor.GetAsync("/zcrx/", host: "localhost"));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_answer_has_the_strict_headers(string path)
    {
        await using Site site = await Site.StartAsync(OpenWithCommands);
        using Operator visitor = site.Visit();

        using HttpResponseMessage response = await visitor.Http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);

        string policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("same-origin", Assert.Single(response.Headers.GetValues("Cross-Origin-Resource-Policy")));
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("/zcrx/assets/../../appsettings.json")]
    [InlineData("/zcrx/assets/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/zcrx/assets/..%2fvendor%2fREADME.md")]
    [InlineData("/zcrx/assets/")]
    public async Task Asset_that_is_not_part_of_the_page_is_not_found(string path)
    {
        await using Site site = await Site.StartAsync();
        using Operator visitor = site.Visit();

        Assert.Equal(HttpStatusCode.NotFound, await visitor.GetAsync(path));
    }

    [Fact]
    public async Task Html_in_text_of_a_peer_is_escaped_in_the_stream()
    {
        await using Site site = await Site.StartAsync();
        site.Fault = static received => new InvalidDataException($"unexpected header {received}");
        using Operator visitor = site.Visit();
        using Socket peer = new(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(site.Ingest);
        await peer.SendAsync("<img src=x onerror=alert(1)>"u8.ToArray());

        string line = await visitor.ReadStreamAsync(static line => line.Contains("unexpected header", StringComparison.Ordinal));

        Assert.DoesNotContain('<', line);
        Assert.Contains(JsonDocument.Parse(line["data: ".Length..]).RootElement.EnumerateArray(), static entry => entry.GetProperty("text").GetString()!.Contains("<img src=x", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Refused_requests_are_logged_in_one_line_each()
    {
        RecordedLog log = new();
        await using Site site = await Site.StartAsync(OpenWithCommands with { Services = services => services.AddSingleton<ILoggerProvider>(log) });
        using Operator visitor = site.Visit();
        (string Header, string Token) token = await visitor.TokenAsync();
        const string Path = "/zcrx/commands/restart";
        const string Body = """{"queue":"a\nforged"}""";

        await visitor.GetAsync("/zcrx/assets/a%0Aforged", Foreign);
        using HttpResponseMessage missing = await visitor.PostAsync(Path, Body, site.Address);
        using HttpResponseMessage wrong = await visitor.PostAsync(Path, Body, site.Address, (token.Header, "forged"));
        using HttpResponseMessage valid = await visitor.PostAsync(Path, Body, site.Address, token);

        Assert.Equal(
            [
                "Request to the dashboard at /zcrx/assets/a%0Aforged refused: the Origin of the request is another site.",
                $"Request to the dashboard at {Path} refused: the antiforgery token is missing or invalid.",
                $"Request to the dashboard at {Path} refused: the antiforgery token is missing or invalid.",
            ],
            log.Messages.Where(static message => message.StartsWith("Request to the dashboard", StringComparison.Ordinal)));
        string command = Assert.Single(log.Messages, static message => message.StartsWith("Command restart", StringComparison.Ordinal));
        Assert.StartsWith("Command restart for queue a forged by (anonymous)", command, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', command);
    }

    [Fact]
    public async Task Masked_addresses_appear_nowhere_and_a_search_does_not_find_them()
    {
        await using Site site = await Site.StartAsync(new SiteOptions
        {
            Map = static app => app.MapZcrxDashboard("/zcrx", static options => (options.AllowAnonymousOnLoopback, options.MaskAddresses) = (true, true)),
        });
        using Operator visitor = site.Visit();
        using Socket peer = new(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(site.Ingest);
        string port = $"{((IPEndPoint)peer.LocalEndPoint!).Port}";
        await Deadline.UntilAsync(async () => await Query("") is var all && all.GetProperty("matching").GetInt32() == 1, () => "the connection is listed");

        JsonElement row = Assert.Single((await Query("")).GetProperty("rows").EnumerateArray());
        Assert.Equal("127.0.*.*", row.GetProperty("peer").GetString());
        Assert.Equal(0, (await Query("127.0.0.1")).GetProperty("matching").GetInt32());
        Assert.Equal(0, (await Query($":{port}")).GetProperty("matching").GetInt32());
        Assert.Equal(1, (await Query("127.0.*")).GetProperty("matching").GetInt32());

        async Task<JsonElement> Query(string search) =>
            JsonDocument.Parse(await visitor.Http.GetStringAsync(new Uri($"/zcrx/api/connections?search={Uri.EscapeDataString(search)}", UriKind.Relative))).RootElement;
    }
}
