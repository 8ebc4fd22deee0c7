using Zcrx.Architecture.Tests.Sources;

namespace Zcrx.Architecture.Tests;

/// <summary>
/// Tests that only engines and options name the types of the emulated kernel and of the multishot kernel. All other code uses the interface
/// of kernels.
/// </summary>
public class EmulationTests
{
    private const string Emulation = "Zcrx.Interop/Emulation";
    private const string Multishot = "Zcrx.Interop/Multishot";

    [Theory]
    [InlineData("Zcrx.Interop")]
    [InlineData("Zcrx.Rx")]
    [InlineData("Zcrx.Actors")]
    public void Only_engines_and_options_name_the_emulation(string name)
    {
        string[] uses = [.. Uses(Library.Named(name))];

        Assert.True(uses.Length == 0, string.Join('\n', uses));
    }

    [Fact]
    public void Use_of_the_emulation_above_the_engines_is_found()
    {
        Library interop = Library.FromText("Zcrx.Interop", [($"{Emulation}/EmulatedKernel.cs", "namespace Zcrx.Interop; public class EmulatedKernel { public int Nics; }")]);
        Library rx = Library.FromText("Zcrx.Rx",
        [
            ("Zcrx.Rx/Engines/Engine.cs", "namespace Zcrx.Rx; class Engine { object Kernel() => new Zcrx.Interop.EmulatedKernel(); }"),
            ("Zcrx.Rx/Queues/QueueOptions.cs", "namespace Zcrx.Rx; class QueueOptions { Zcrx.Interop.EmulatedKernel? _kernel; }"),
            ("Zcrx.Rx/Ring/Turn.cs", "namespace Zcrx.Rx; class Turn { bool IsOnNic(object kernel) => kernel is Zcrx.Interop.EmulatedKernel { Nics: 0 }; }"),
        ], interop);
        Assert.Empty(rx.Unbound());

        Assert.Equal("Turn in Zcrx.Rx/Ring names EmulatedKernel", Assert.Single(Uses(rx)));
    }

    private static IEnumerable<string> Uses(Library library) => library.References
        .Where(static reference => IsOfKernel(reference.To) && !IsOfKernel(reference.From) && !IsIn(reference.From, "Zcrx.Rx/Engines"))
        .Where(static reference => !reference.FromType.EndsWith("Options", StringComparison.Ordinal) && !reference.FromType.EndsWith("OptionsReader", StringComparison.Ordinal))
        .Select(static reference => $"{reference.FromType} in {reference.From} names {reference.ToType}")
        .Order(StringComparer.Ordinal);

    private static bool IsOfKernel(string folder) => IsIn(folder, Emulation) || IsIn(folder, Multishot);

    private static bool IsIn(string folder, string parent) => folder == parent || folder.StartsWith(parent + "/", StringComparison.Ordinal);
}
