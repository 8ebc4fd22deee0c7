namespace Zcrx.Interop.Tests.Leases;

/// <summary>
/// Tests two threads that use one lease at the same time. Each gets a correct result or an exception, never the memory of another buffer.
/// </summary>
public sealed class LeaseRaceTests
{
    private const int Rounds = 150;

    public static TheoryData<LeaseOperation, LeaseOperation> Pairs()
    {
        TheoryData<LeaseOperation, LeaseOperation> pairs = [];
        foreach (LeaseOperation first in Enum.GetValues<LeaseOperation>())
        {
            foreach (LeaseOperation second in Enum.GetValues<LeaseOperation>().Where(second => second >= first))
            {
                pairs.Add(first, second);
            }
        }

        return pairs;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Two_operations_at_once_return_each_buffer_once(LeaseOperation first, LeaseOperation second)
    {
        using LeaseRace race = new(first, second);
        for (int round = 0; round < Rounds; round++)
        {
            race.Round(isCopy: round % 2 != 0);
        }
    }
}
