namespace Zcrx.Rx.Options;

/// <summary>Holds the options that apply to an open queue. The ring thread replaces them, and any thread reads them.</summary>
internal sealed class CurrentOptions(ZcrxQueueOptions options)
{
    private volatile ZcrxQueueOptions _value = options;

    /// <summary>Gets the name of the queue, which never changes.</summary>
    public string Name { get; } = options.Name;

    public ZcrxQueueOptions Value { get => _value; set => _value = value; }
}
