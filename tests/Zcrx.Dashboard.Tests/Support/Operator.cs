using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Zcrx.Dashboard.Tests.Support;

/// <summary>
/// Represents an HTTP client of the dashboard. It keeps cookies as a browser does, and sends only the headers that the test sets.
/// </summary>
internal sealed class Operator : IDisposable
{
    private readonly SocketsHttpHandler _handler = new() { AllowAutoRedirect = false, CookieContainer = new CookieContainer() };

    public Operator(string address)
    {
        Address = address;
        Http = new HttpClient(_handler) { BaseAddress = new Uri(address), Timeout = Deadline.Limit };
    }

    public string Address { get; }

    public HttpClient Http { get; }

    /// <summary>Signs in as a user with the given role.</summary>
    public async Task SignInAsync(string role) => (await Http.PostAsync(new Uri($"/sign-in/{role}", UriKind.Relative), null)).EnsureSuccessStatusCode();

    public async Task<HttpStatusCode> GetAsync(string path, string? origin = null, string? host = null, (string Name, string Value)? header = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        Set(request, origin, host);
        if (header is { } extra)
        {
            request.Headers.TryAddWithoutValidation(extra.Name, extra.Value);
        }

        // The body of the stream never ends, so only the headers are read.
        using HttpResponseMessage response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return response.StatusCode;
    }

    /// <summary>Requests a path, and returns the response as JSON.</summary>
    public async Task<JsonElement> JsonAsync(string path)
    {
        using JsonDocument document = JsonDocument.Parse(await Http.GetStringAsync(new Uri(path, UriKind.Relative)));
        return document.RootElement.Clone();
    }

    /// <summary>Requests an antiforgery token. Returns the name of its header and its value.</summary>
    public async Task<(string Header, string Token)> TokenAsync()
    {
        using JsonDocument token = JsonDocument.Parse(await Http.GetStringAsync(new Uri("/zcrx/commands/token", UriKind.Relative)));
        return (token.RootElement.GetProperty("header").GetString()!, token.RootElement.GetProperty("token").GetString()!);
    }

    public async Task<HttpResponseMessage> PostAsync(string path, string body, string? origin, (string Header, string Token)? token = null, string? host = null, string type = "application/json")
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(type)) };
        Set(request, origin, host);
        if (token is { } given)
        {
            request.Headers.TryAddWithoutValidation(given.Header, given.Token);
        }

        return await Http.SendAsync(request);
    }

    /// <summary>Reads the event stream until a line meets a condition, and returns that line.</summary>
    /// <param name="isWanted">Returns true for the line that ends the reading.</param>
    /// <param name="lastEvent">The id of the last event that the browser has received before it connects again, or null for its first
    /// connection.</param>
    public async Task<string> ReadStreamAsync(Func<string, bool> isWanted, string? lastEvent = null)
    {
        using CancellationTokenSource limit = new(Deadline.Limit);
        using HttpRequestMessage request = new(HttpMethod.Get, "/zcrx/api/stream");
        if (lastEvent is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEvent);
        }

        using HttpResponseMessage response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        using Stream stream = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(limit.Token);
        using StreamReader reader = new(stream);
        while (await reader.ReadLineAsync(limit.Token) is { } line)
        {
            if (isWanted(line))
            {
                return line;
            }
        }

        throw new EndOfStreamException("The stream has ended before the wanted line.");
    }

    public void Dispose()
    {
        Http.Dispose();
        _handler.Dispose();
    }

    private static void Set(HttpRequestMessage request, string? origin, string? host)
    {
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        request.Headers.Host = host;
    }
}
