using Zcrx.Interop.Leases;

namespace Zcrx.Interop.Tests.Leases;

/// <summary>Tests how a slot counts the references to one buffer.</summary>
public sealed class LeaseSlotTests
{
    private const int MostReferences = LeaseHandle.MaxSlots - 1;

    [Fact]
    public void Last_reference_ends_the_lease_and_a_further_release_throws()
    {
        LeaseSlot slot = default;
        slot.Begin(2);
        Assert.Equal((2, 1ul), (slot.References, slot.Generation));
        Assert.True(slot.TryAddReference(1));
        Assert.False(slot.RemoveReference());
        Assert.False(slot.RemoveReference());
        Assert.Equal(1, slot.References);
        Assert.True(slot.RemoveReference());
        Assert.Equal((0, 1ul), (slot.References, slot.Generation));
        Assert.Throws<InvalidOperationException>(() => slot.RemoveReference());
        Assert.Equal((0, 1ul), (slot.References, slot.Generation));
    }

    [Fact]
    public void Ended_lease_and_lease_of_another_generation_get_no_reference()
    {
        LeaseSlot slot = default;
        slot.Begin(1);
        Assert.True(slot.RemoveReference());
        Assert.False(slot.TryAddReference(1));
        slot.Begin(1);
        Assert.Equal(2ul, slot.Generation);
        Assert.False(slot.TryAddReference(1));
        Assert.False(slot.TryAddReference(3));
        Assert.True(slot.TryAddReference(2));
        Assert.Equal(2, slot.References);
    }

    [Fact]
    public void Reference_beyond_the_largest_count_throws_and_leaves_the_generation_unchanged()
    {
        LeaseSlot slot = default;
        slot.Begin(MostReferences - 1);
        Assert.True(slot.TryAddReference(1));
        Assert.Throws<InvalidOperationException>(() => slot.TryAddReference(1));
        Assert.Equal((MostReferences, 1ul), (slot.References, slot.Generation));
        Assert.False(slot.RemoveReference());
        Assert.Equal(MostReferences - 1, slot.References);
    }
}
