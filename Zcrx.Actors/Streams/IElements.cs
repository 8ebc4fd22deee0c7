using System.Diagnostics.CodeAnalysis;

namespace Zcrx.Actors.Streams;

/// <summary>Represents the elements that a connection has received and a stage has not emitted yet.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
/// <remarks>Threading: the stage calls all members. The ring thread adds elements at the same time.</remarks>
internal interface IElements<T> : IDisposable
{
    /// <summary>Starts to receive.</summary>
    void Start();

    /// <summary>Handles that the stage was woken. The next element wakes it again.</summary>
    void OnWoken();

    /// <summary>Takes the next element. Receiving continues when half of the room is free.</summary>
    bool TryTake([MaybeNullWhen(false)] out T element);

    /// <summary>Determines whether the stream has ended and every element was taken.</summary>
    /// <param name="error">The error of the stream; null if it ended in order.</param>
    bool HasEnded(out Exception? error);

    /// <summary>
    /// Drops the elements that were received and those that are received from now on. The end of the stream is still noticed.
    /// </summary>
    void Discard();
}
