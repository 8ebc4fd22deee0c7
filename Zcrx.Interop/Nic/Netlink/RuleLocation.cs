namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Determines the place of a rule in a table whose order decides. Pure.</summary>
internal static class RuleLocation
{
    /// <summary>The last free place before all that are taken, so that what is added later decides first; else the last free one.</summary>
    /// <param name="size">The table's size.</param>
    /// <param name="taken">The places that are taken.</param>
    /// <returns>The place; null when there is none.</returns>
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
