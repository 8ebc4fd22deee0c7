namespace Zcrx.Rx.Ring;

/// <summary>Specifies the kind of request that a completion belongs to.</summary>
internal enum RequestKind : byte
{
    None = 0,
    Receive = 1,
    Accept = 2,
    Wake = 3,
    Cancel = 4,
    Notification = 5,
    Writable = 6,
    HangUp = 7,
}
