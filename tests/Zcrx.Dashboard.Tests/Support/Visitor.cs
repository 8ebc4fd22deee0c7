using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Zcrx.Dashboard.Tests.Support;

/// <summary>
/// Represents a page of the dashboard in a browser. It records the errors on the browser's console, which fail the test at its end.
/// </summary>
internal sealed class Visitor : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = [];

    public Visitor(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        // The browser reports violations of the content security policy as errors on the console.
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _complaints.Enqueue($"{message.Type}: {message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => _complaints.Enqueue($"exception: {error}");
        page.Dialog += (_, dialog) => _complaints.Enqueue($"dialog: {dialog.Message}");
        page.RequestFailed += (_, request) =>
        {
            // A stream or request that was active when the page was left is aborted. This is not an error.
            if (!string.Equals(request.Failure, "net::ERR_ABORTED", StringComparison.Ordinal))
            {
                _complaints.Enqueue($"request: {request.Url} {request.Failure}");
            }
        };
    }

    public IPage Page { get; }

    public ILocator Health => Page.Locator("#health-word");

    public ILocator Cards => Page.Locator(".card");

    public ILocator Events => Page.Locator("#events li");

    public ILocator Rows => Page.Locator("#connections tbody tr");

    public async Task GoToAsync(string address)
    {
        await Page.GotoAsync(address);
        await Assertions.Expect(Cards).ToHaveCountAsync(2, new() { Timeout = Limit });
    }

    /// <summary>Gets the element of the page that shows a queue.</summary>
    public ILocator Card(string queue) => Page.Locator($"article[aria-labelledby='queue-{queue}']");

    public Task SeesEventAsync(string text) => Assertions.Expect(Events.Filter(new() { HasText = text }).First).ToBeVisibleAsync(new() { Timeout = Limit });

    public Task SeesAsync(ILocator locator, string text) => Assertions.Expect(locator).ToContainTextAsync(text, new() { Timeout = Limit });

    public Task SeesAsync(ILocator locator, Regex text) => Assertions.Expect(locator).ToContainTextAsync(text, new() { Timeout = Limit });

    /// <summary>Starts to record, for each new event, the time from the event to its appearance on the page.</summary>
    public Task WatchDelaysAsync() => Page.EvaluateAsync("""
        () => {
          window.delays = [];
          new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(
            item => window.delays.push(Date.now() - Date.parse(item.querySelector("time").dateTime)))))
            .observe(document.getElementById("events"), { childList: true });
        }
        """);

    /// <summary>
    /// Returns the recorded delays in milliseconds. They are exact, because the browser and the service use the same clock.
    /// </summary>
    public Task<double[]> GetDelaysAsync() => Page.EvaluateAsync<double[]>("() => window.delays");

    /// <summary>Saves a screenshot of the page if <c>ZCRX_SCREENSHOTS</c> names a directory.</summary>
    public async Task PhotographAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("ZCRX_SCREENSHOTS") is { Length: > 0 } directory)
        {
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(directory, $"dashboard-{name}.png"), FullPage = true, Animations = ScreenshotAnimations.Disabled });
        }
    }

    /// <summary>
    /// Asserts that the console has no error. An error can be an exception, a violation of the content security policy, or a failed
    /// request.
    /// </summary>
    public void AssertNoComplaints() => Assert.Empty(_complaints);

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    private static float Limit => (float)Deadline.Limit.TotalMilliseconds;
}
