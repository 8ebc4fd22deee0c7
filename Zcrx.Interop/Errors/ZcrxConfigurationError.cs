namespace Zcrx.Interop;

/// <summary>One option with a value that cannot work.</summary>
/// <param name="Path">Where the option is found in the configuration: <c>Zcrx:Queues:0:Area</c>.</param>
/// <param name="Message">What is wrong and what is accepted: a clause without a full stop.</param>
public readonly record struct ZcrxConfigurationError(string Path, string Message)
{
    /// <summary>Path and message.</summary>
    /// <returns>For example <c>Zcrx:Queues:0:Area: 100 bytes are less than a page (4096)</c>.</returns>
    public override string ToString() => Path.Length == 0 ? Message : $"{Path}: {Message}";
}
