namespace Zcrx.Packages.Tests.Samples;

/// <summary>Represents what surrounds a sample, from the hidden comment above it.</summary>
/// <param name="Parameters">The variables that the sample takes for granted, as a parameter list.</param>
/// <param name="Members">C# members beside the sample: methods and types that it takes for granted.</param>
/// <param name="Usings">Directives that only this sample needs.</param>
/// <param name="Base">The class that the sample's class derives from, or an empty string.</param>
internal sealed record SampleContext(string Parameters, string Members, string Usings, string Base)
{
    public static SampleContext Parse(string comment, string baseType)
    {
        string[] lines = comment.Split('\n');
        ILookup<bool, string> others = lines.Skip(1).ToLookup(static line => line.StartsWith("using ", StringComparison.Ordinal));
        return new(lines[0].Trim(), string.Join('\n', others[false]), string.Join('\n', others[true]), baseType);
    }
}
