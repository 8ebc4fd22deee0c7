// Receives over loopback with the package Zcrx.Rx. Compares every received byte with the byte that was sent.
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Zcrx.Rx;

byte[] sent = RandomNumberGenerator.GetBytes(4 << 20);
TaskCompletionSource<byte[]> received = new(TaskCreationOptions.RunContinuationsAsynchronously);

await using ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions());
using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
listener.Listen();
using IDisposable listening = queue.Listen(listener).Subscribe(connection =>
{
    MemoryStream bytes = new();
    connection.Buffers.Subscribe((ReceivedBuffer buffer) => bytes.Write(buffer.Span), received.SetException, () => received.SetResult(bytes.ToArray()));
});

using (Socket sender = new(SocketType.Stream, ProtocolType.Tcp))
{
    await sender.ConnectAsync(listener.LocalEndPoint!);
    await sender.SendAsync(sent);
    sender.Shutdown(SocketShutdown.Send);
    byte[] bytes = await received.Task.WaitAsync(TimeSpan.FromMinutes(1));
    bool equal = sent.AsSpan().SequenceEqual(bytes);
    Console.WriteLine($"{sent.Length} bytes, {(equal ? "equal" : "different")}");
    return equal ? 0 : 1;
}

// Nothing releases this lease. The analyzers in the package must report that.
static class Mistake
{
    public static IDisposable Subscribe(ZcrxConnection connection) => connection.Buffers.Subscribe(buffer => { buffer.Retain(); });
}
