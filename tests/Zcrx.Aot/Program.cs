// Receives several streams over loopback and compares their hashes. Prints the time from the start of the process until it could receive.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Zcrx.Rx;

const int Streams = 4;
const int Length = 16 << 20;

await using ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions());
using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
listener.Listen();
TaskCompletionSource<string>[] received = [.. Enumerable.Range(0, Streams).Select(static _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously))];
int next = 0;
using IDisposable listening = queue.Listen(listener).Subscribe(connection =>
{
    TaskCompletionSource<string> result = received[next++];
    IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    connection.Buffers.Subscribe(buffer => hash.AppendData(buffer.Span), result.SetException, () => result.SetResult(Convert.ToHexString(hash.GetHashAndReset())));
});
TimeSpan ready = DateTime.Now - Process.GetCurrentProcess().StartTime;

byte[][] sent = [.. Enumerable.Range(0, Streams).Select(static _ => RandomNumberGenerator.GetBytes(Length))];
await Task.WhenAll(sent.Select(async bytes =>
{
    using Socket sender = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    await sender.ConnectAsync(listener.LocalEndPoint!);
    for (ReadOnlyMemory<byte> rest = bytes; rest.Length > 0;)
    {
        rest = rest[await sender.SendAsync(rest)..];
    }
}));

string[] hashes = await Task.WhenAll(received.Select(static result => result.Task)).WaitAsync(TimeSpan.FromMinutes(1));
// Connections may be accepted in another order than they were opened, so the hashes are compared as sets.
int intact = sent.Select(static bytes => Convert.ToHexString(SHA256.HashData(bytes))).Intersect(hashes).Count();
Console.WriteLine($"{intact} of {Streams} streams intact, engine {queue.Engine.Engine}, ready after {ready.TotalMilliseconds:F0} ms");
return intact == Streams ? 0 : 1;
