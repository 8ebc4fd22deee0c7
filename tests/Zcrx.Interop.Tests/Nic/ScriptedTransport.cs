using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Netlink;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>Represents the netlink interface of a kernel. It gives scripted answers, and fails when there are no more.</summary>
internal sealed class ScriptedTransport(Func<byte[], IEnumerable<byte[]>> answer) : INetlinkTransport
{
    private readonly Queue<byte[]> _datagrams = [];

    public List<byte[]> Requests { get; } = [];

    public uint Sender { get; set; }

    public int Send(ReadOnlySpan<byte> datagram)
    {
        byte[] request = datagram.ToArray();
        Requests.Add(request);
        foreach (byte[] reply in answer(request))
        {
            _datagrams.Enqueue(reply);
        }

        return request.Length;
    }

    public int Receive(Span<byte> buffer, out uint sender)
    {
        sender = Sender;
        if (!_datagrams.TryDequeue(out byte[]? datagram))
        {
            return -Errno.EAGAIN;
        }

        datagram.AsSpan(0, int.Min(datagram.Length, buffer.Length)).CopyTo(buffer);
        return datagram.Length;
    }

    public static uint SequenceOf(byte[] request) => MemoryMarshal.Read<nlmsghdr>(request).nlmsg_seq;

    /// <summary>Returns a netlink message as the kernel would send it.</summary>
    public static byte[] Message(ushort type, ushort flags, uint sequence, params byte[] payload)
    {
        byte[] message = new byte[(16 + payload.Length + 3) & ~3];
        MemoryMarshal.Write(message, new nlmsghdr { nlmsg_len = (uint)(16 + payload.Length), nlmsg_type = type, nlmsg_flags = flags, nlmsg_seq = sequence });
        payload.CopyTo(message, 16);
        return message;
    }

    /// <summary>Returns an acknowledgement (error 0) or an error message, with or without a text.</summary>
    public static byte[] Error(byte[] request, int error, string? text = null)
    {
        NetlinkWriter writer = new(new byte[1024], LinuxNetlink.NLMSG_ERROR, LinuxNetlink.NLM_F_CAPPED | LinuxNetlink.NLM_F_ACK_TLVS);
        writer.Append(new nlmsgerr { error = error });
        if (text is not null)
        {
            writer.Add(LinuxNetlink.NLMSGERR_ATTR_MSG, text);
        }

        return WithSequence(writer.Finish(), SequenceOf(request));
    }

    public static byte[] WithSequence(ReadOnlySpan<byte> message, uint sequence)
    {
        byte[] result = message.ToArray();
        MemoryMarshal.Write(result.AsSpan(8), sequence);
        return result;
    }
}
