using System.Collections;
using System.Collections.Immutable;
using System.Net;

namespace Zcrx.Actors;

/// <summary>Represents the bound addresses of the listeners, with their actual ports.</summary>
/// <remarks>
/// Immutable. Configured listeners come first, in the order of the configuration. Listeners that were bound at run time follow, in the
/// order of binding.
/// </remarks>
public sealed class ListenerEndPoints : IReadOnlyList<IPEndPoint>
{
    private readonly ImmutableArray<IPEndPoint> _endPoints;

    /// <summary>Initializes the addresses.</summary>
    /// <param name="endPoints">The names of the listeners and their addresses.</param>
    public ListenerEndPoints(IEnumerable<KeyValuePair<string, IPEndPoint>> endPoints)
    {
        ArgumentNullException.ThrowIfNull(endPoints);
        ImmutableArray<KeyValuePair<string, IPEndPoint>> all = [.. endPoints];
        _endPoints = [.. all.Select(static pair => pair.Value)];
        // A listener without a name is named after its address, so two unnamed listeners with port 0 have the same name.
        ByName = all.GroupBy(static pair => pair.Key, StringComparer.Ordinal).ToImmutableDictionary(static group => group.Key, static group => group.First().Value, StringComparer.Ordinal);
    }

    /// <summary>
    /// Gets the addresses by the names of the listeners. If several listeners have the same name, the address is that of the first.
    /// </summary>
    public IReadOnlyDictionary<string, IPEndPoint> ByName { get; }

    /// <summary>Gets the number of addresses.</summary>
    public int Count => _endPoints.Length;

    /// <summary>Gets the address of a listener by its position.</summary>
    /// <param name="index">The position, from 0.</param>
    public IPEndPoint this[int index] => _endPoints[index];

    /// <summary>Gets the address of a listener by its name.</summary>
    /// <param name="listener">The name.</param>
    /// <exception cref="KeyNotFoundException">No listener with this name is bound.</exception>
    public IPEndPoint this[string listener] => ByName.TryGetValue(listener, out IPEndPoint? endPoint)
        ? endPoint
        : throw new KeyNotFoundException($"No listener is called '{listener}'. Bound are: {(ByName.Count == 0 ? "none" : string.Join(", ", ByName.Keys.Order(StringComparer.Ordinal)))}.");

    /// <inheritdoc/>
    public IEnumerator<IPEndPoint> GetEnumerator() => ((IEnumerable<IPEndPoint>)_endPoints).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
