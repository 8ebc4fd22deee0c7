using Microsoft.Playwright;

namespace Zcrx.Dashboard.Tests.Support;

/// <summary>Represents Chromium from Debian. All tests that need a browser share it.</summary>
public sealed class Browser : IAsyncLifetime
{
    private const string Executable = "/usr/bin/chromium";

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        if (!File.Exists(Executable))
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable,
            // The sandbox of Chromium does not work for root. The browser only opens pages of the tests, so it can be turned off.
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb", "--font-render-hinting=none"],
        });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>
    /// Opens the dashboard of a site in a browser context of its own. If a role is given, a user with this role is signed in.
    /// </summary>
    internal async Task<Visitor> OpenAsync(Site site, int width = 1360, int height = 900, ColorScheme scheme = ColorScheme.Light, string? role = null)
    {
        Skip.If(_browser is null, $"{Executable} is missing: apt-get install chromium.");
        IBrowserContext context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            DeviceScaleFactor = width < 600 ? 2 : 1,
            ReducedMotion = ReducedMotion.Reduce,
            TimezoneId = "UTC",
        });
        context.SetDefaultTimeout((float)Deadline.Limit.TotalMilliseconds);
        if (role is not null)
        {
            // This request sets a cookie, which the pages of the context use, too.
            Assert.True((await context.APIRequest.PostAsync($"{site.Address}/sign-in/{role}")).Ok, $"signed in as {role}");
        }

        Visitor visitor = new(context, await context.NewPageAsync());
        await visitor.GoToAsync($"{site.Address}/zcrx");
        return visitor;
    }
}
