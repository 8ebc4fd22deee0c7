using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Zcrx.Actors.Hosting;

/// <summary>Follows the sources of the options: a change comes checked, or is refused as a whole.</summary>
/// <remarks>
/// Not through <see cref="IOptionsMonitor{TOptions}"/>: its options are created, and so checked, in the callback of the change itself, where
/// an error would be thrown at whoever has touched the configuration instead of being reported here.
/// </remarks>
internal sealed class OptionsReloader(IOptionsFactory<ZcrxOptions> factory, IEnumerable<IOptionsChangeTokenSource<ZcrxOptions>> sources) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly IOptionsChangeTokenSource<ZcrxOptions>[] _sources = [.. sources.Where(static source => source.Name is null || source.Name == Options.DefaultName)];
    private readonly List<IDisposable> _registrations = [];
    private IChangeToken[] _seen = [];

    /// <summary>Called before the options are read for the first time: what changes from now on is not missed, however long the start takes.</summary>
    public void Watch() => _seen = [.. _sources.Select(static source => source.GetChangeToken())];

    /// <summary>Begins to follow.</summary>
    /// <param name="apply">Given the options after every change. Calls come one at a time.</param>
    /// <param name="refuse">Given every error of a change that cannot be, and what was thrown if it was no finding of the checks.</param>
    public void Start(Action<ZcrxOptions> apply, Action<IReadOnlyList<string>, Exception?> refuse)
    {
        _registrations.AddRange(_sources.Select(source => ChangeToken.OnChange(source.GetChangeToken, () => Reload(apply, refuse))));
        if (_seen.Any(static token => token.HasChanged))
        {
            Reload(apply, refuse);
        }
    }

    public void Dispose()
    {
        _registrations.ForEach(static registration => registration.Dispose());
        _registrations.Clear();
    }

    private void Reload(Action<ZcrxOptions> apply, Action<IReadOnlyList<string>, Exception?> refuse)
    {
        lock (_gate)
        {
            try
            {
                apply(factory.Create(Options.DefaultName));
            }
            catch (OptionsValidationException exception)
            {
                refuse([.. exception.Failures], null);
            }
#pragma warning disable CA1031 // Code of the application that sets options: its fault is as good as a wrong value.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                refuse([exception.Message], exception);
            }
        }
    }
}
