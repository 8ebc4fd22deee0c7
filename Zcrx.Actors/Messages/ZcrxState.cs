using System.Text.Json.Serialization;

namespace Zcrx.Actors;

/// <summary>Specifies the state of the whole actor tree.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ZcrxState>))]
public enum ZcrxState
{
    /// <summary>The tree is starting: some listener is not bound yet, or some queue is not open yet.</summary>
    Starting,

    /// <summary>The tree has started. Each queue has its own state.</summary>
    Running,

    /// <summary>The start failed: a listener could not be bound, or a queue could not be opened.</summary>
    StartFailed,

    /// <summary>The tree is stopping. It no longer accepts connections, and delivers received bytes.</summary>
    Stopping,

    /// <summary>Everything is closed.</summary>
    Stopped,
}
