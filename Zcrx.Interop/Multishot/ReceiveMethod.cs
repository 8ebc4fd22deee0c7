namespace Zcrx.Interop.Multishot;

/// <summary>
/// Decides how the bytes of one connection are received: by a multishot receive, or by scattering reads when the socket is readable.
/// </summary>
/// <remarks>
/// A multishot receive needs no system call for each message, but the kernel handles each provided buffer separately. A scattering read
/// needs a poll and a system call, but costs less for each buffer. Connections whose turns fill many buffers therefore use reads. A single
/// turn does not change the method, because a change costs a cancellation or a new request.
/// </remarks>
/// <param name="IsRead">Whether the method is scattering reads; false for a multishot receive.</param>
/// <param name="Streak">The number of successive turns for which the other method would have cost less.</param>
internal readonly record struct ReceiveMethod(bool IsRead, int Streak)
{
    /// <summary>The number of filled buffers in a turn at which reads begin to cost less than a multishot receive.</summary>
    public const int ManyBuffers = 16;

    /// <summary>The largest number of filled buffers in a turn at which a multishot receive costs less than reads.</summary>
    public const int FewBuffers = 4;

    /// <summary>The number of successive turns that must favour the other method before the method changes.</summary>
    public const int Turns = 2;

    /// <summary>Returns the receive method for the next turn.</summary>
    /// <param name="buffers">The number of buffers that the turn has filled.</param>
    public ReceiveMethod Next(int buffers)
    {
        bool speaksForOther = IsRead ? buffers <= FewBuffers : buffers >= ManyBuffers;
        if (!speaksForOther)
        {
            return this with { Streak = 0 };
        }

        return Streak + 1 == Turns ? new ReceiveMethod(!IsRead, 0) : this with { Streak = Streak + 1 };
    }
}
