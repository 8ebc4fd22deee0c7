using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Zcrx.Actors.Hosting;

/// <summary>
/// Watches the sources of the options. Applies a change if all options are valid, and otherwise refuses the whole change.
/// </summary>
/// <remarks>
/// <see cref="IOptionsMonitor{TOptions}"/> is not used. It validates the options in the change callback, so its errors are thrown into the
/// code that changed the configuration.
/// </remarks>
internal sealed class OptionsReloader(ZcrxOptionsSource source) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Lock _reloading = new();
    private readonly List<IDisposable> _registrations = [];
    private IChangeToken[] _seen = [];
    private volatile bool _isDisposed;

    /// <summary>
    /// Remembers the current state of the sources. Must be called before the options are first read, so that <see cref="Start"/> notices
    /// changes since then.
    /// </summary>
    public void Watch() => _seen = [.. source.ChangeSources.Select(static changes => changes.GetChangeToken())];

    /// <summary>Starts to watch the sources.</summary>
    /// <param name="apply">Called with the options after every valid change. Calls never overlap.</param>
    /// <param name="refuse">
    /// Called once per invalid change, with all its errors. The exception is null unless application code threw it.
    /// </param>
    public void Start(Action<ZcrxOptions> apply, Action<IReadOnlyList<string>, Exception?> refuse)
    {
        IDisposable[] registrations = [.. source.ChangeSources.Select(changes => ChangeToken.OnChange(changes.GetChangeToken, () => Reload(apply, refuse)))];
        lock (_gate)
        {
            _registrations.AddRange(registrations);
        }

        if (_isDisposed)
        {
            // Dispose was called before the registrations were added, so it did not dispose them.
            Dispose();
            return;
        }

        if (_seen.Any(static token => token.HasChanged))
        {
            Reload(apply, refuse);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        IDisposable[] registrations;
        lock (_gate)
        {
            registrations = [.. _registrations];
            _registrations.Clear();
        }

        foreach (IDisposable registration in registrations)
        {
            registration.Dispose();
        }
    }

    private void Reload(Action<ZcrxOptions> apply, Action<IReadOnlyList<string>, Exception?> refuse)
    {
        lock (_reloading)
        {
            if (_isDisposed)
            {
                return;
            }

            try
            {
                apply(source.Create());
            }
            catch (OptionsValidationException exception)
            {
                refuse([.. exception.Failures], null);
            }
#pragma warning disable CA1031 // Application code configures the options. Its exception is reported like an invalid value.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                refuse([exception.Message], exception);
            }
        }
    }
}
