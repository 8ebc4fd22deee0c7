using System.Diagnostics.CodeAnalysis;

namespace Zcrx.Actors.Streams;

/// <summary>Represents the elements that a connection has received and the stage has not emitted yet.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
/// <remarks>Threading: the stage calls all members. The ring thread adds elements at the same time.</remarks>
internal interface IElements<T> : IDisposable
{
    /// <summary>Starts to receive.</summary>
    void Start();

    /// <summary>Records that the stage is awake. The next element that is received wakes the stage again.</summary>
    void OnWoken();

    /// <summary>Takes the next element. A paused connection resumes when at most half of the bound is waiting.</summary>
    bool TryTake([MaybeNullWhen(false)] out T element);

    /// <summary>Determines whether the stream has ended and all its elements were taken.</summary>
    /// <param name="error">The error of the stream; null if it ended in order.</param>
    bool HasEnded(out Exception? error);

    /// <summary>
    /// Drops the waiting elements and all elements that are received later. The end of the stream is still reported.
    /// </summary>
    void Discard();
}
