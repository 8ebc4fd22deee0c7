namespace Zcrx.Packages.Tests.Samples;

/// <summary>
/// Represents the declarations that a sample needs and does not show. They come from the hidden comment above the sample.
/// </summary>
/// <param name="Parameters">The variables that the sample uses without a declaration, as a parameter list.</param>
/// <param name="Members">The methods and types that the sample uses without a declaration, as C# members.</param>
/// <param name="Usings">The using directives that only this sample needs.</param>
/// <param name="Base">The base class of the sample's class, or an empty string.</param>
internal sealed record SampleContext(string Parameters, string Members, string Usings, string Base)
{
    /// <summary>Gets the context of a sample that needs no further declarations.</summary>
    public static SampleContext None { get; } = new("", "", "", "");

    public static SampleContext Parse(string comment, string baseType)
    {
        string[] lines = comment.Split('\n');
        ILookup<bool, string> others = lines.Skip(1).ToLookup(static line => line.StartsWith("using ", StringComparison.Ordinal));
        return new(lines[0].Trim(), string.Join('\n', others[false]), string.Join('\n', others[true]), baseType);
    }
}
