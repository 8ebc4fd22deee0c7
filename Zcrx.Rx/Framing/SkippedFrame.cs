namespace Zcrx.Rx;

/// <summary>Describes a frame that was skipped because it is longer than the limit.</summary>
/// <param name="StreamOffset">The stream offset at which the frame begins.</param>
/// <param name="Length">The number of bytes in the frame. Includes the delimiter if the frames of the stream include it.</param>
public readonly record struct SkippedFrame(long StreamOffset, long Length);
