using Microsoft.Playwright;

namespace Zcrx.Dashboard.Tests.Support;

/// <summary>Represents Debian's Chromium, shared by the tests of the collection.</summary>
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
            // Chromium's sandbox does not work for root. The browser opens only the pages of the tests.
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

    /// <summary>Opens the dashboard of a site in a separate browser context, which is signed in if a role is given.</summary>
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
            // The requests of the context share its cookies.
            Assert.True((await context.APIRequest.PostAsync($"{site.Address}/sign-in/{role}")).Ok, $"signed in as {role}");
        }

        Visitor visitor = new(context, await context.NewPageAsync());
        await visitor.GoToAsync($"{site.Address}/zcrx");
        return visitor;
    }
}
