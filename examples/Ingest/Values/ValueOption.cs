using System.CommandLine;
using System.CommandLine.Parsing;

namespace Ingest.Values;

/// <summary>Makes options whose values are checked while the command line is read, with errors that say what is accepted.</summary>
internal static class ValueOption
{
    /// <summary>Turns text into a value, or says what it must be: the end of "--name must be …".</summary>
    public delegate string? Read<T>(string text, out T value);

    /// <summary>An option that has a value of its own when it is not given.</summary>
    public static Option<T> Create<T>(string name, string placeholder, string description, T defaultValue, Read<T> read) =>
        new(name)
        {
            Description = description,
            HelpName = placeholder,
            DefaultValueFactory = _ => defaultValue,
            CustomParser = result => Parse(name, result, read),
        };

    /// <summary>An option that may be left out, or must not be.</summary>
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
