namespace Zcrx.Packages.Tests.Samples;

/// <summary>Represents what surrounds a sample, from the hidden comment above it.</summary>
/// <param name="Parameters">The variables that the sample takes for granted, as a parameter list.</param>
/// <param name="Members">C# members beside the sample: methods and types that it takes for granted.</param>
/// <param name="Base">The class that the sample's class derives from, or an empty string.</param>
internal sealed record SampleContext(string Parameters, string Members, string Base)
{
    public static SampleContext Parse(string comment, string baseType)
    {
        string[] parts = comment.Split('\n', 2);
        return new(parts[0].Trim(), parts.Length > 1 ? parts[1] : "", baseType);
    }
}
