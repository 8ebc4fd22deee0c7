using LogIngest.Batching;
using LogIngest.Settings;
using LogIngest.Syslog;
using Microsoft.Extensions.Options;
using Zcrx.Actors;
using Zcrx.Rx;

namespace LogIngest.Service;

/// <summary>Receives one connection, finds its messages, and sends them to a writer.</summary>
internal sealed class SyslogConnection(WriterDirectory writers, IOptions<LogIngestOptions> options) : IZcrxConnectionHandler
{
    public IDisposable Handle(ZcrxConnection connection)
    {
        LogIngestOptions settings = options.Value;
        int maxLength = (int)settings.MaxMessageLength.Bytes;
        return connection.Buffers
            .Frames(new SyslogFraming(maxLength, settings.BadInput), maxLength)
            .ToActor(writers.Next(), settings.Window, settings.WindowBytes.Bytes);
    }
}
