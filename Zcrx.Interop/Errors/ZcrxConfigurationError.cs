namespace Zcrx.Interop;

/// <summary>Represents one invalid option.</summary>
/// <param name="Path">The path of the option in the configuration, for example <c>Zcrx:Queues:0:Area</c>.</param>
/// <param name="Message">The error and the accepted values, as a clause without a full stop.</param>
public readonly record struct ZcrxConfigurationError(string Path, string Message)
{
    /// <summary>Returns the path and the message.</summary>
    /// <returns>For example <c>Zcrx:Queues:0:Area: 100 bytes are less than a page (4096)</c>.</returns>
    public override string ToString() => Path.Length == 0 ? Message : $"{Path}: {Message}";
}
