using FsCheck;
using FsCheck.Fluent;

namespace Zcrx.Interop.Tests.Leases;

/// <summary>Tests that any sequence of operations on leases has the same results as in a model that only counts references.</summary>
public sealed class LeaseModelTests
{
    /// <summary>Represents one generated operation. Every combination of values is valid.</summary>
    /// <param name="Operation">The index of the operation.</param>
    /// <param name="Pick">A number that selects the lease or the pin.</param>
    public sealed record Step(byte Operation, byte Pick);

    [Fact]
    public void Any_sequence_of_operations_agrees_with_a_model() => Prop
        .ForAll(ArbMap.Default.ArbFor<Step[]>(), static steps =>
        {
            using LeaseModel model = new();
            LeaseOperation[] operations = Enum.GetValues<LeaseOperation>();
            foreach (Step step in steps)
            {
                model.Perform(operations[step.Operation % operations.Length], step.Pick);
            }
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(1_500).WithEndSize(200));
}
