using System.Text.Json.Serialization;

namespace Zcrx.Actors;

/// <summary>Specifies the state of the whole actor tree.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ZcrxState>))]
public enum ZcrxState
{
    /// <summary>The actor tree is starting. Some listener is not bound yet, or some queue is not open yet.</summary>
    Starting,

    /// <summary>The actor tree has started. A single queue may still be closed; see its own state.</summary>
    Running,

    /// <summary>The start failed: a listener could not be bound, or a queue could not be opened.</summary>
    StartFailed,

    /// <summary>The actor tree is stopping. It delivers received bytes, and accepts no more connections.</summary>
    Stopping,

    /// <summary>Everything is closed.</summary>
    Stopped,
}
