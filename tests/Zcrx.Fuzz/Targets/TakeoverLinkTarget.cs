using System.Net.Sockets;
using System.Runtime.InteropServices;
using Zcrx.Fuzz.Support;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Processes;
using Zcrx.Rx.Takeover;

namespace Zcrx.Fuzz.Targets;

/// <summary>
/// Receives takeover messages and words over real sockets, in pieces. Some of them come with descriptors that they have not announced.
/// </summary>
internal sealed class TakeoverLinkTarget : IFuzzTarget, IDisposable
{
    private const int MaxPieces = 8;

    private readonly int _descriptor = Libc.EventFd(0, Libc.EFD_CLOEXEC);

    public string Name => "takeover-link";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        [1, 0, 0, 200, .. Message(TakeoverMessageType.Hello, new TakeoverHello(TakeoverHello.Queues).Encode(), 0)],
        [2, 2, 0, 10, 200, .. Message(TakeoverMessageType.Offer, new TakeoverOffer(["ingest"], []).Encode(), 2)],
        [1, 0, 0, 200, .. Message(TakeoverMessageType.Commit, [], 0), .. Message(TakeoverMessageType.Released, [], 0)],
        [1, 0, 0, 200, .. Message(TakeoverMessageType.Refuse, TakeoverPayload.Write(static writer => writer.Write("no")), 0)],
        [1, 0, 1, 200, .. MemoryMarshal.AsBytes<ulong>([0x1000, QueueChannel.Begin, QueueChannel.Leased | 3])],
    ];

    public void Run(byte[] input)
    {
        FuzzInput reader = new(input);
        byte[] pieces = new byte[1 + reader.Below(MaxPieces)];
        int descriptors = reader.Below(5);
        bool isChannel = reader.Below(4) == 1;
        for (int i = 0; i < pieces.Length; i++)
        {
            pieces[i] = reader.Byte();
        }

        if (isChannel)
        {
            ReceiveWords(pieces, reader.Rest());
        }
        else
        {
            ReceiveMessages(pieces, descriptors, reader.Rest());
        }
    }

    public void Dispose() => _ = Libc.Close(_descriptor);

    private void ReceiveMessages(byte[] pieces, int descriptors, byte[] bytes)
    {
        using Socket ours = Pair(out Socket theirs);
        using TakeoverLink link = new(ours);
        Task<int> receiving = ReceiveAllAsync(link);
        using (theirs)
        {
            Send(theirs, pieces, bytes, [.. Enumerable.Repeat(_descriptor, descriptors)], receiving);
        }

        FuzzException.Require(receiving.GetAwaiter().GetResult() <= bytes.Length / TakeoverHeader.Size, "a message has a header");
    }

    private static async Task<int> ReceiveAllAsync(TakeoverLink link)
    {
        int messages = 0;
        try
        {
            while (await link.ReceiveAsync(CancellationToken.None).ConfigureAwait(false) is { } message)
            {
                message.Dispose();
                messages++;
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or SocketException)
        {
            // These exceptions are documented for invalid bytes and for a closed connection.
        }

        return messages;
    }

    private static void ReceiveWords(byte[] pieces, byte[] bytes)
    {
        FuzzException.Require(SocketPair.Create(out int first, out int second) == 0, "a pair of sockets is created");
        using QueueChannel channel = new(first);
        List<ulong> words = [];
        Task receiving = channel.ReceiveAllAsync(received => words.AddRange(received));
        using (Socket theirs = new(new SafeSocketHandle(second, ownsHandle: true)))
        {
            Send(theirs, pieces, bytes, [], receiving);
        }

        receiving.GetAwaiter().GetResult();
        ReadOnlySpan<ulong> sent = MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan(0, bytes.Length / sizeof(ulong) * sizeof(ulong)));
        FuzzException.Require(sent.SequenceEqual(CollectionsMarshal.AsSpan(words)), "all whole words arrive");
        foreach (ulong word in words)
        {
            _ = QueueChannel.IsRemark(word) ? QueueChannel.KindOf(word) : word;
        }
    }

    private static void Send(Socket socket, byte[] pieces, byte[] bytes, int[] descriptors, Task receiving)
    {
        int sent = 0;
        for (int i = 0; sent < bytes.Length; i++)
        {
            int piece = Math.Min(1 + pieces[i % pieces.Length], bytes.Length - sent);
            int result = DescriptorPassing.Send((int)socket.SafeHandle.DangerousGetHandle(), bytes.AsSpan(sent, piece), sent == 0 ? descriptors : []);
            if (result < 0 && (!DescriptorPassing.WouldWait(result) || receiving.IsCompleted))
            {
                // The receiver has refused the earlier bytes and closed the connection.
                return;
            }

            sent += Math.Max(0, result);
        }
    }

    private static Socket Pair(out Socket theirs)
    {
        FuzzException.Require(SocketPair.Create(out int first, out int second) == 0, "a pair of sockets is created");
        theirs = new Socket(new SafeSocketHandle(second, ownsHandle: true));
        return new Socket(new SafeSocketHandle(first, ownsHandle: true));
    }

    private static byte[] Message(TakeoverMessageType type, byte[] payload, int descriptors)
    {
        byte[] bytes = new byte[TakeoverHeader.Size + payload.Length];
        new TakeoverHeader(TakeoverHeader.CurrentVersion, type, payload.Length, descriptors).Write(bytes);
        payload.CopyTo(bytes, TakeoverHeader.Size);
        return bytes;
    }
}
