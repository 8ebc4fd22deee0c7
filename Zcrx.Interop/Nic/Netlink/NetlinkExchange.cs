using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Sends requests over one socket, one at a time, and reads the answers.</summary>
/// <remarks>
/// A request never waits without limit, because each answer has a timeout and a malformed datagram is an error. Not thread-safe.
/// </remarks>
internal sealed class NetlinkExchange(INetlinkTransport transport)
{
    // The kernel sends lists in pieces of at most 32 KiB. A message about one link may be larger.
    private const int BufferLength = 128 * 1024;
    private const int MaxAttempts = 8;
    private static readonly TimeSpan DumpTimeout = TimeSpan.FromSeconds(10);

    private uint _sequence;

    /// <summary>Sends a request for a change and waits for the acknowledgement.</summary>
    public NetlinkOutcome Execute(ReadOnlySpan<byte> request) => Query<object>(request, Ignore, []);

    /// <summary>Sends a query for one object or a list, and reads the answer.</summary>
    /// <param name="request">The message. This method sets its sequence number.</param>
    /// <param name="parser">Reads one message of the answer.</param>
    /// <param name="results">The results of the parser; empty after an error.</param>
    public NetlinkOutcome Query<T>(ReadOnlySpan<byte> request, NetlinkParser<T> parser, List<T> results)
        where T : class
    {
        byte[] message = request.ToArray();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                results.Clear();
                MemoryMarshal.Write(message.AsSpan(8), ++_sequence);
                int sent = transport.Send(message);
                bool interrupted = false;
                NetlinkOutcome outcome = sent < 0 ? new NetlinkOutcome(sent) : Receive(buffer, parser, results, out interrupted);
                if (interrupted && attempt < MaxAttempts)
                {
                    // The list changed while the kernel sent it, so it mixes old and new entries. Read it again.
                    continue;
                }

                outcome = interrupted && outcome.Succeeded ? new NetlinkOutcome(-Errno.EINTR, "the list changed during each attempt to read it") : outcome;
                if (!outcome.Succeeded)
                {
                    results.Clear();
                }

                return outcome;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private NetlinkOutcome Receive<T>(byte[] buffer, NetlinkParser<T> parser, List<T> results, out bool interrupted)
        where T : class
    {
        interrupted = false;
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < DumpTimeout)
        {
            int length = transport.Receive(buffer, out uint sender);
            if (length == -Errno.EINTR)
            {
                continue;
            }

            if (length < 0)
            {
                return new NetlinkOutcome(length == -Errno.EAGAIN ? -Errno.ETIMEDOUT : length);
            }

            if (sender != 0)
            {
                // Other processes may send to this socket. Only messages of the kernel count.
                continue;
            }

            if (length > buffer.Length)
            {
                return new NetlinkOutcome(-Errno.EMSGSIZE);
            }

            NetlinkMessages messages = new(buffer.AsSpan(0, length));
            while (messages.TryRead(out NetlinkMessage message))
            {
                if (message.Sequence != _sequence)
                {
                    // The message belongs to an earlier request that timed out.
                    continue;
                }

                interrupted |= (message.Flags & LinuxNetlink.NLM_F_DUMP_INTR) != 0;
                if (Take(message, parser, results) is { } outcome)
                {
                    return outcome;
                }
            }

            if (messages.IsMalformed || length == 0)
            {
                return new NetlinkOutcome(-Errno.EBADMSG);
            }
        }

        return new NetlinkOutcome(-Errno.ETIMEDOUT);
    }

    /// <summary>Parses one message of an answer.</summary>
    /// <returns>The outcome of the request if this message ends the answer or is invalid; null if more messages follow.</returns>
    private static NetlinkOutcome? Take<T>(NetlinkMessage message, NetlinkParser<T> parser, List<T> results)
        where T : class
    {
        switch (message.Type)
        {
            case LinuxNetlink.NLMSG_NOOP:
                return null;
            case LinuxNetlink.NLMSG_OVERRUN:
                return new NetlinkOutcome(-Errno.ENOBUFS);
            case LinuxNetlink.NLMSG_ERROR:
                return ReadError(message);
            case LinuxNetlink.NLMSG_DONE:
                // The last message of a list contains an errno. After a success, older kernels omit it.
                return message.Payload.Length < sizeof(int) ? new NetlinkOutcome(0) : ReadEnd(message);
            default:
                if (!parser(message, out T? result))
                {
                    return new NetlinkOutcome(-Errno.EBADMSG);
                }

                if (result is not null)
                {
                    results.Add(result);
                }

                return null;
        }
    }

    private static NetlinkOutcome ReadError(NetlinkMessage message)
    {
        if (!message.TryRead(out nlmsgerr error, out NetlinkAttributes attributes))
        {
            return new NetlinkOutcome(-Errno.EBADMSG);
        }

        // The attributes, such as the error text, follow a copy of the request. With NLM_F_CAPPED, the kernel copies only the header of the
        // request, and TryRead has already skipped it.
        if ((message.Flags & LinuxNetlink.NLM_F_CAPPED) == 0)
        {
            long skip = (long)error.msg.nlmsg_len + sizeof(int);
            attributes = skip >= 0 && skip <= message.Payload.Length
                ? new NetlinkAttributes(message.Payload[int.Min(NetlinkMessages.Align((int)skip), message.Payload.Length)..])
                : default;
        }

        return Outcome(error.error, (message.Flags & LinuxNetlink.NLM_F_ACK_TLVS) != 0, attributes);
    }

    private static NetlinkOutcome ReadEnd(NetlinkMessage message)
    {
        _ = message.TryRead(out int error, out NetlinkAttributes attributes);
        return Outcome(error, (message.Flags & LinuxNetlink.NLM_F_ACK_TLVS) != 0, attributes);
    }

    private static NetlinkOutcome Outcome(int error, bool hasText, NetlinkAttributes attributes)
    {
        string? text = null;
        while (hasText && attributes.TryRead(out NetlinkAttribute attribute))
        {
            if (attribute.Type == LinuxNetlink.NLMSGERR_ATTR_MSG)
            {
                text = attribute.AsText;
            }
        }

        // Some lists end with a count. A positive number is therefore not an errno.
        return new NetlinkOutcome(int.Min(error, 0), text);
    }

    private static bool Ignore(NetlinkMessage message, out object? result)
    {
        result = null;
        return true;
    }
}
