using FsCheck;
using FsCheck.Fluent;

namespace Zcrx.Interop.Tests.Leases;

/// <summary>Tests that any sequence of operations on leases has the results of a model that only counts references.</summary>
public sealed class LeaseModelTests
{
    /// <summary>Represents one generated step. Every value is valid.</summary>
    /// <param name="Operation">The operation, by index.</param>
    /// <param name="Pick">Chooses the lease or pin.</param>
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
