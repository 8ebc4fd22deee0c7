using Akka.Hosting;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Receives with Akka.Streams over Zcrx. Each connection has one flow.</summary>
/// <param name="elements">What the elements of the flows are.</param>
internal sealed class ZcrxStreamsReceiver(StreamElements elements) : IReceiver
{
    private IHost? _host;

    public string Note => "";

    public async Task<int> StartAsync(Meter meter)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddZcrx().AddAkka("bench", static akka => akka
            .AddHocon("akka.loglevel = ERROR", HoconAddMode.Prepend)
            .WithZcrx(static zcrx => zcrx.UseEngine(ZcrxEngine.Emulated).AddQueue(new ZcrxQueueOptions())));
        _host = builder.Build();
        await _host.StartAsync();
        IMaterializer materializer = _host.Services.GetRequiredService<Akka.Actor.ActorSystem>().Materializer();
        ZcrxServerBinding binding = await _host.Services.GetRequiredService<IZcrx>().Bind(LoopbackListener.AnyPort.Address.ToString(), 0, LoopbackListener.Backlog)
            .To(Sink.ForEach<ZcrxIncomingConnection>(connection => Handle(connection, meter.Next(), materializer)))
            .Run(materializer);
        return binding.LocalAddress.Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            _host.Dispose();
        }
    }

    private void Handle(ZcrxIncomingConnection connection, ConnectionMeter meter, IMaterializer materializer)
    {
        switch (elements)
        {
            case StreamElements.MappedBuffers:
                Run(connection.MapBuffers(buffer =>
                {
                    meter.Count(buffer.Span);
                    return buffer.Length;
                }));
                break;
            case StreamElements.MappedFrames:
                Run(connection.MapFrames(static buffers => buffers.Frames(LengthPrefix.UInt32BigEndian, 64.KiB()), frame =>
                {
                    meter.CountFrame(frame.Sequence);
                    return (int)frame.Sequence.Length;
                }));
                break;
            case StreamElements.Bytes:
            case StreamElements.Frames:
                connection.HandleWith(StreamHandlers.Count(meter, elements == StreamElements.Frames), materializer);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(connection), $"There are no elements {elements}.");
        }

        void Run(Flow<ByteString, int, Akka.NotUsed> flow) => _ = Source.Maybe<ByteString>().Via(flow).RunWith(Sink.Ignore<int>(), materializer);
    }
}
