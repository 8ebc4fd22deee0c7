using LogIngest.Syslog;

namespace LogIngest.Storing;

/// <summary>
/// Counts the invalid messages of one attempt to store a batch. The counts are published only if the attempt has stored the batch.
/// </summary>
/// <remarks>Threading: one thread at a time. The store writes during the attempt, and the collector reads afterwards.</remarks>
internal sealed class InvalidMessages
{
    private static readonly MessageFlags[] AllFlags = [.. Enum.GetValues<MessageFlags>().Where(static flag => int.PopCount((int)flag) == 1)];

    private readonly long[] _byFlag = new long[AllFlags.Length];

    /// <summary>Gets the number of messages that are stored with a flag.</summary>
    public long Flagged { get; private set; }

    /// <summary>Gets the number of messages that are not stored.</summary>
    public long Refused { get; private set; }

    /// <summary>Gets the number of messages for each flag that occurred.</summary>
    public IEnumerable<(MessageFlags Flag, long Messages)> ByFlag => AllFlags.Zip(_byFlag).Where(static pair => pair.Second > 0);

    /// <summary>Counts a message, unless it has no flags.</summary>
    public void Count(MessageFlags flags, bool isRefused)
    {
        if (flags == MessageFlags.None)
        {
            return;
        }

        if (isRefused)
        {
            Refused++;
        }
        else
        {
            Flagged++;
        }

        for (int index = 0; index < AllFlags.Length; index++)
        {
            _byFlag[index] += (flags & AllFlags[index]) != MessageFlags.None ? 1 : 0;
        }
    }
}
