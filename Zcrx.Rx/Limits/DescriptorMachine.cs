namespace Zcrx.Rx.Limits;

/// <summary>Decides whether connections may be accepted, from the number of free file descriptors. Does no I/O.</summary>
/// <remarks>
/// Accepting stops below the reserve, and resumes at a higher number. With one number for both, each connection would stop accepting again.
/// </remarks>
internal sealed class DescriptorMachine
{
    private const int SmallestRoom = 8;

    /// <summary>Gets a value indicating whether accepting has stopped.</summary>
    public bool IsHolding { get; private set; }

    /// <summary>Returns the number of descriptors to keep free: the configured number, but at most a quarter of the limit.</summary>
    public static int ReserveOf(int configured, int limit) => int.Min(configured, limit / 4);

    /// <summary>Records how many descriptors are free.</summary>
    /// <param name="free">The number of free descriptors.</param>
    /// <param name="reserve">The number to keep free; with 0, accepting never stops.</param>
    /// <returns>True when accepting has just stopped or resumed.</returns>
    public bool Look(int free, int reserve)
    {
        bool wasHolding = IsHolding;
        IsHolding = reserve > 0 && free < (wasHolding ? reserve + int.Max(SmallestRoom, reserve / 4) : reserve);
        return IsHolding != wasHolding;
    }
}
