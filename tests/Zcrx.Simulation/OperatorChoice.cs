namespace Zcrx.Simulation;

/// <summary>Represents the operator of a connection and its bounds.</summary>
/// <param name="Kind">The operator.</param>
/// <param name="MaxQueued">The number of items that may wait.</param>
/// <param name="MaxQueuedBytes">The number of bytes that may wait.</param>
/// <param name="Variant">Selects between variants of the operator, such as the number of concurrent handlers.</param>
/// <param name="IsSlow">True if an asynchronous consumer waits for a decision at every second item.</param>
internal sealed record OperatorChoice(OperatorKind Kind, int MaxQueued, long MaxQueuedBytes, int Variant, bool IsSlow)
{
    public static OperatorChoice None { get; } = new(OperatorKind.None, 0, 0, 0, IsSlow: false);

    /// <summary>Gets a value indicating whether the operator reads buffers only.</summary>
    public bool IsForBuffers => Kind is OperatorKind.Pipe or OperatorKind.Forward;

    /// <summary>Gets a value indicating whether a consumer that throws fails its connection. Other consumers only stop, and may subscribe again.</summary>
    public bool FailsConnection => Kind is OperatorKind.Offload or OperatorKind.ObserveOn or OperatorKind.Process;

    /// <summary>Makes a choice from the numbers of a decision.</summary>
    public static OperatorChoice Of(Decision decision)
    {
        OperatorKind kind = ((decision.Amount >> 7) % 16) switch
        {
            < 4 => OperatorKind.None,
            4 or 5 => OperatorKind.Offload,
            6 => OperatorKind.ObserveOn,
            7 or 8 or 9 => OperatorKind.Process,
            10 => OperatorKind.Enumerable,
            11 or 12 => OperatorKind.Channel,
            13 or 14 => OperatorKind.Pipe,
            _ => OperatorKind.Forward,
        };
        int variant = decision.Subject >> 8;
        int items = ((decision.Amount >> 11) % 4) switch { 0 => 1, 1 => 2, 2 => 5, _ => 64 };
        long bytes = ((decision.Amount >> 13) % 4) switch { 0 => 1, 1 => 6_000, 2 => 30_000, _ => 1 << 20 };
        return kind switch
        {
            OperatorKind.None => None,
            // These operators have fixed bounds.
            OperatorKind.ObserveOn => new OperatorChoice(kind, Rx.ZcrxOffloadExtensions.DefaultMaxQueued, Rx.ZcrxOffloadExtensions.DefaultMaxQueuedBytes, variant, IsSlow: false),
            OperatorKind.Forward => new OperatorChoice(kind, 256, long.MaxValue, variant, IsSlow: false),
            _ => new OperatorChoice(kind, items, bytes, variant, IsSlow: decision.Amount >> 15 != 0),
        };
    }

    public override string ToString() => $"{Kind} of at most {MaxQueued} items and {MaxQueuedBytes} bytes{(IsSlow ? ", slowly" : "")}";
}
