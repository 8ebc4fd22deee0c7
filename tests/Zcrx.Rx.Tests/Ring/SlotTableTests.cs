using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Tests.Ring;

public class SlotTableTests
{
    private sealed record Item(int Number);

    [Fact]
    public void Find_returns_exactly_the_objects_in_the_table() => Prop
        .ForAll(
            // A positive step adds that many items. A negative step removes one item, whose index is the step modulo the number of items.
            Gen.Choose(-50, 20).ListOf(40).ToArbitrary(),
            static steps =>
            {
                SlotTable<Item> table = new();
                List<(int Slot, uint Generation, Item Item)> present = [];
                List<(int Slot, uint Generation)> gone = [];
                int number = 0;
                foreach (int step in steps)
                {
                    for (int i = 0; i < step; i++)
                    {
                        (int slot, uint generation) = table.Reserve();
                        Item item = new(number++);
                        table.Set(slot, item);
                        present.Add((slot, generation, item));
                    }

                    if (step < 0 && present.Count > 0)
                    {
                        int index = -step % present.Count;
                        table.Free(present[index].Slot);
                        gone.Add((present[index].Slot, present[index].Generation));
                        present.RemoveAt(index);
                    }

                    Assert.Equal(present.Count, table.Count);
                    Assert.Equal(present.Count, present.Select(static entry => entry.Slot).Distinct().Count());
                }

                Assert.All(present, entry => Assert.Same(entry.Item, table.Find(entry.Slot, entry.Generation)));
                Assert.All(gone, entry => Assert.Null(table.Find(entry.Slot, entry.Generation)));
                Assert.Equal(present.Select(static entry => entry.Item.Number).Order(), table.Snapshot().Select(static item => item.Number).Order());
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Find_accepts_any_slot_number()
    {
        SlotTable<Item> table = new();
        Assert.Null(table.Find(-1, 0));
        Assert.Null(table.Find(int.MaxValue, 1));
        Assert.Null(table.Find(0, 0));
        (int slot, uint generation) = table.Reserve();
        Assert.Null(table.Find(slot, generation));
    }

    [Fact]
    public void A_slot_that_is_used_again_has_another_generation_and_generations_wrap()
    {
        SlotTable<Item> table = new();
        uint last = 0;
        for (int i = 0; i <= UserData.GenerationMask + 1; i++)
        {
            (int slot, uint generation) = table.Reserve();
            if (slot != 0 || generation == last || generation > UserData.GenerationMask)
            {
                Assert.Fail($"slot {slot}, generation {generation} after {last}");
            }

            last = generation;
            table.Free(slot);
        }
    }
}
