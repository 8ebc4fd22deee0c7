namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Determines the place of a rule in a table whose order decides. Pure.</summary>
internal static class RuleLocation
{
    /// <summary>Returns the last free place before all taken ones, so that rules added later decide first; else the last free place.</summary>
    /// <param name="size">The table's size.</param>
    /// <param name="taken">The taken places.</param>
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
