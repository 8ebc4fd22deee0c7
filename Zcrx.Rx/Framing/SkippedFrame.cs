namespace Zcrx.Rx;

/// <summary>Describes a frame that was skipped because it is longer than the limit.</summary>
/// <param name="StreamOffset">The stream offset of the frame.</param>
/// <param name="Length">The number of bytes of the frame, including its delimiter where that is part of the frames.</param>
public readonly record struct SkippedFrame(long StreamOffset, long Length);
