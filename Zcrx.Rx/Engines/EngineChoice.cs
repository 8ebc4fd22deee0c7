namespace Zcrx.Rx;

/// <summary>Which engine was chosen, and why, in words for a log line.</summary>
/// <param name="Engine">Never <see cref="ZcrxEngine.Auto"/>.</param>
/// <param name="Reason">One clause: what spoke for it, and what against the better ones.</param>
public sealed record EngineChoice(ZcrxEngine Engine, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Reason}";

    /// <summary>The engine's name as on the command line: <c>nic</c>, <c>device-less</c>, <c>emulated</c>.</summary>
    public string Name => Engine switch
    {
        ZcrxEngine.Nic => "nic",
        ZcrxEngine.DeviceLess => "device-less",
        ZcrxEngine.Emulated => "emulated",
        _ => "auto",
    };
}
