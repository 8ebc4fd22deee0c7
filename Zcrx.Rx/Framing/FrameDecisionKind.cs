namespace Zcrx.Rx;

internal enum FrameDecisionKind : byte
{
    NeedMore,
    Frame,
    Error,
}
