// Receives frames over loopback with the package Zcrx.Actors in a host. Then stops the host.
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors;
using Zcrx.Rx;

const int Frames = 1000;
int next = 0;
TaskCompletionSource complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddZcrx(zcrx => zcrx
    .AddQueues(1)
    .Listen("127.0.0.1:0", connection => connection.Buffers
        .Frames(LengthPrefix.UInt32BigEndian, maxLength: 64)
        .Subscribe(
            frame =>
            {
                byte[] bytes = frame.ToArray();
                if (BinaryPrimitives.ReadInt32BigEndian(bytes) == next)
                {
                    next++;
                }
            },
            complete.SetException,
            complete.SetResult), "frames"));

using IHost host = builder.Build();
await host.StartAsync();
IZcrx zcrx = host.Services.GetRequiredService<IZcrx>();

using (Socket sender = new(SocketType.Stream, ProtocolType.Tcp))
{
    await sender.ConnectAsync(zcrx.EndPoints["frames"]);
    byte[] frames = new byte[Frames * 8];
    for (int i = 0; i < Frames; i++)
    {
        BinaryPrimitives.WriteInt32BigEndian(frames.AsSpan(i * 8), 4);
        BinaryPrimitives.WriteInt32BigEndian(frames.AsSpan((i * 8) + 4), i);
    }

    await sender.SendAsync(frames);
    sender.Shutdown(SocketShutdown.Send);
    await complete.Task.WaitAsync(TimeSpan.FromMinutes(1));
}

await host.StopAsync();
Console.WriteLine($"{next} of {Frames} frames");
return next == Frames ? 0 : 1;
