namespace Zcrx.Rx.Tests.Framing;

/// <summary>
/// Cuts a whole stream into frames with a plain loop. Its result is the expected one, however the stream is cut into buffers.
/// </summary>
internal sealed class FramingReference
{
    private readonly byte[][] _delimiters;
    private readonly bool _isIncluded;
    private readonly int _limit;
    private readonly FramingOptions _options;

    public FramingReference(byte[][] delimiters, bool isIncluded, int limit, FramingOptions options)
    {
        _delimiters = delimiters;
        _isIncluded = isIncluded;
        _limit = limit;
        _options = options;
    }

    /// <summary>Gets the events in order, as <see cref="FramingEvents"/> writes them.</summary>
    public List<string> Events { get; } = [];

    /// <summary>
    /// Gets a value that indicates whether the bytes after the last frame exceed the limit, although their frame is incomplete.
    /// </summary>
    public bool IsRestTooLong { get; private set; }

    public void Run(ReadOnlySpan<byte> stream, bool ends)
    {
        int begin = 0;
        for (int end = 1; end <= stream.Length; end++)
        {
            ReadOnlySpan<byte> bytes = stream[begin..end];
            int delimiter = 0;
            foreach (byte[] candidate in _delimiters)
            {
                delimiter = bytes.EndsWith(candidate) ? Math.Max(delimiter, candidate.Length) : delimiter;
            }

            if (delimiter == 0)
            {
                continue;
            }

            ReadOnlySpan<byte> frame = _isIncluded ? bytes : bytes[..^delimiter];
            if (frame.Length <= _limit)
            {
                Events.Add(FramingEvents.Frame(frame));
            }
            else if (!TrySkip(begin, frame.Length))
            {
                return;
            }

            begin = end;
        }

        int rest = stream.Length - begin;

        // If the limit does not count the delimiter, the rest may be a frame of the maximum length and a part of its delimiter. With
        // DeliversUnterminated, a rest of exactly the limit may be the last frame.
        int longest = _isIncluded ? 0 : _delimiters.Max(static delimiter => delimiter.Length);
        IsRestTooLong = rest >= _limit + Math.Max(longest, _options.DeliversUnterminated ? 1 : 0);
        if (rest > 0 && IsRestTooLong && _options.Skips is null)
        {
            TrySkip(begin, rest);
            return;
        }

        if (ends)
        {
            End(begin, stream[begin..]);
        }
    }

    private void End(int begin, ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty)
        {
            Events.Add(FramingEvents.Completed);
        }
        else if (!_options.DeliversUnterminated)
        {
            Events.Add(FramingEvents.Error(begin, null, $"the stream ended {rest.Length} bytes into a frame"));
        }
        else if (rest.Length <= _limit)
        {
            Events.Add(FramingEvents.Frame(rest));
            Events.Add(FramingEvents.Completed);
        }
        else if (TrySkip(begin, rest.Length))
        {
            Events.Add(FramingEvents.Completed);
        }
    }

    private bool TrySkip(int begin, int length)
    {
        bool skips = _options.Skips is not null;
        Events.Add(skips
            ? FramingEvents.Skip(begin, length)
            : FramingEvents.Error(begin, null, $"it has not ended within the limit of {_limit} bytes"));
        return skips;
    }
}
