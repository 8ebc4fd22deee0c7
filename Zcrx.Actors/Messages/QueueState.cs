using System.Text.Json.Serialization;

namespace Zcrx.Actors;

/// <summary>Specifies the state of a queue.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<QueueState>))]
public enum QueueState
{
    /// <summary>The queue is being opened.</summary>
    Opening,

    /// <summary>The queue is open and receives.</summary>
    Open,

    /// <summary>The queue failed, and is opened again after the restart delay.</summary>
    Restarting,

    /// <summary>The queue failed, and stays closed until <see cref="ZcrxCommand.RestartQueue"/>.</summary>
    Failed,

    /// <summary>The queue delivers received bytes, then closes.</summary>
    Stopping,

    /// <summary>The queue is closed.</summary>
    Stopped,
}
