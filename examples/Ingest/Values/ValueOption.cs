using System.CommandLine;
using System.CommandLine.Parsing;

namespace Ingest.Values;

/// <summary>Creates options whose values are checked while the command line is parsed. The errors name the accepted values.</summary>
internal static class ValueOption
{
    /// <summary>
    /// Parses text to a value. Returns null if the text is valid; otherwise the words that complete the error "--name must be …".
    /// </summary>
    public delegate string? Read<T>(string text, out T value);

    /// <summary>Creates an option with a default value.</summary>
    public static Option<T> Create<T>(string name, string placeholder, string description, T defaultValue, Read<T> read) =>
        new(name)
        {
            Description = description,
            HelpName = placeholder,
            DefaultValueFactory = _ => defaultValue,
            CustomParser = result => Parse(name, result, read),
        };

    /// <summary>Creates an option that has no default value and may be required.</summary>
    public static Option<T> Create<T>(string name, string placeholder, string description, bool required, Read<T> read) =>
        new(name)
        {
            Description = description,
            HelpName = placeholder,
            Required = required,
            CustomParser = result => Parse(name, result, read),
        };

    private static T Parse<T>(string name, ArgumentResult result, Read<T> read)
    {
        string text = result.Tokens[0].Value;
        if (read(text, out T value) is { } expected)
        {
            result.AddError($"{name} must be {expected}, but is '{text}'");
        }

        return value;
    }
}
