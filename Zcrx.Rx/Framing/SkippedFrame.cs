namespace Zcrx.Rx;

/// <summary>Describes a frame that was skipped because it is longer than the limit.</summary>
/// <param name="StreamOffset">Where in the stream the frame begins, in bytes from the stream's start.</param>
/// <param name="Length">How many bytes the frame has; its delimiter counts when it is part of the frames.</param>
public readonly record struct SkippedFrame(long StreamOffset, long Length);
