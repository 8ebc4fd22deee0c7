namespace Zcrx.Conformance.Differential;

public class ReducerTests
{
    [Theory]
    [InlineData(new[] { 0 })]
    [InlineData(new[] { 39 })]
    [InlineData(new[] { 3, 17, 31 })]
    [InlineData(new[] { 10, 11, 12, 13 })]
    [InlineData(new int[0])]
    public void Reduction_keeps_exactly_the_needed_operations(int[] needed)
    {
        DifferentialProgram program = new("by hand", true, [.. Enumerable.Range(0, 40).Select(i => new Operation(OperationKind.Flush, i))]);
        DifferentialProgram smallest = Reducer.Reduce(program, shorter => needed.All(i => shorter.Operations.Any(operation => operation.Target == i)));
        Assert.Equal(needed, smallest.Operations.Select(operation => operation.Target));
    }

    [Fact]
    public void Reduction_removes_operations_that_only_removed_operations_needed()
    {
        // A program fails if it contains 5, and also contains 4 or lacks 20. Therefore, 4 can be removed only after 20.
        DifferentialProgram program = new("by hand", true, [.. Enumerable.Range(0, 40).Select(i => new Operation(OperationKind.Flush, i))]);
        bool Has(DifferentialProgram candidate, int i) => candidate.Operations.Any(operation => operation.Target == i);
        DifferentialProgram smallest = Reducer.Reduce(program, shorter => Has(shorter, 5) && (Has(shorter, 4) || !Has(shorter, 20)));
        Assert.Equal([5], smallest.Operations.Select(operation => operation.Target));
    }
}
