using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Zcrx.Interop;
using Zcrx.Interop.Abi;

const ulong Receive = 1, Notification = 2;

IIoUringKernel kernel = args is ["linux"] ? new LinuxKernel() : new EmulatedKernel();
ZcrxCapabilities capabilities = ZcrxCapabilities.Query(kernel);
Console.WriteLine(capabilities);
if (capabilities.WhyNot(ZcrxFeature.DeviceLess) is { } reason)
{
    Console.Error.WriteLine(reason);
    return 1;
}

// A peer sends 8 MiB over loopback and ends the stream.
using Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
listener.Listen();
byte[] sent = RandomNumberGenerator.GetBytes(8 << 20);
using Socket peer = new(SocketType.Stream, ProtocolType.Tcp);
peer.Connect(listener.LocalEndPoint!);
using Socket socket = listener.Accept();
Thread sender = new(() =>
{
    peer.Send(sent);
    peer.Shutdown(SocketShutdown.Send);
});
sender.Start();

// This thread creates the ring, so only this thread may use it.
IoRing ring = IoRing.Create(kernel, new IoRingOptions { SubmissionEntries = 8, CompletionEntries = 1024 });
InterfaceQueueOptions options = new() { AreaSize = 256 * 4096, NotificationUserData = Notification };
InterfaceQueue queue = InterfaceQueue.Register(ring, options, capabilities);
using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
long received = 0;
bool isArmed = false;
int end = 1;
while (end > 0)
{
    isArmed = isArmed || queue.TryPrepareReceive((int)socket.Handle, Receive);
    if (ring.SubmitAndWait(minComplete: 1, TimeSpan.FromSeconds(10)) is < 0 and not -Errno.EINTR and var failed)
    {
        throw new ZcrxException("Waiting for completions", failed, "the peer is silent, or the ring is broken", "");
    }

    uint ready = ring.Completion.Ready;
    for (uint index = 0; index < ready; index++)
    {
        ref readonly Completion completion = ref ring.Completion.Peek(index);
        if (completion.UserData == Receive && completion.Result > 0)
        {
            hash.AppendData(Bytes(queue, completion));
            received += completion.Result;
            // The kernel never holds more entries than there are buffers, so the refill queue has room.
            queue.Refill.TryAppend(completion.BufferOffset);
        }

        if (completion.UserData == Receive && !completion.HasMore)
        {
            isArmed = false;
            // ENOMEM or ENOSPC: no buffer or completion entry was free, so the loop receives again. Zero is the end of the stream.
            end = completion.Result is -Errno.ENOMEM or -Errno.ENOSPC ? 1 : completion.Result;
        }
    }

    ring.Completion.Advance(ready);
    queue.Flush();      // Publishes the entries. On a NIC, Refill.Publish is enough.
}

sender.Join();
bool isEqual = hash.GetHashAndReset().AsSpan().SequenceEqual(SHA256.HashData(sent));
ulong copied = queue.ReadStatistics().Bytes;
Console.WriteLine($"{received} bytes, {(isEqual ? "equal" : "different")}, {copied} copied by the kernel, result {end}");
ring.Dispose();         // The ring is disposed before the memory that the kernel writes to.
queue.Dispose();
return isEqual && end == 0 ? 0 : 1;

static unsafe ReadOnlySpan<byte> Bytes(InterfaceQueue queue, in Completion completion) =>
    new(queue.Address(completion.BufferOffset), completion.Result);
