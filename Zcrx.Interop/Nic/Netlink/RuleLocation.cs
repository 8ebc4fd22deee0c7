namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Determines the location of a new rule in a table in which the first matching rule applies. Pure.</summary>
internal static class RuleLocation
{
    /// <summary>
    /// Returns the last location before all taken ones, so that a new rule precedes the existing rules. If there is none, returns the last
    /// free location.
    /// </summary>
    /// <param name="size">The number of locations in the table.</param>
    /// <param name="taken">The taken locations.</param>
    /// <returns>The location; null when the table is full.</returns>
    public static uint? Choose(uint size, IReadOnlyCollection<uint> taken)
    {
        uint first = taken.Count == 0 ? size : taken.Min();
        if (first > 0 && size > 0)
        {
            return uint.Min(first, size) - 1;
        }

        HashSet<uint> places = [.. taken];
        for (uint place = size; place-- > 0;)
        {
            if (!places.Contains(place))
            {
                return place;
            }
        }

        return null;
    }
}
