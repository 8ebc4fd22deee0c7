using System.Net;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>Represents the options of the receiver.</summary>
/// <param name="Listen">The endpoint to listen on. With port 0 the kernel chooses the port.</param>
/// <param name="Engine">The engine that receives.</param>
/// <param name="Interface">The network interface of the RX queues, or null.</param>
/// <param name="RxQueue">The first RX queue on that interface.</param>
/// <param name="Queues">The number of interface queues. Each has its own ring and thread.</param>
/// <param name="AreaSize">The size of the receive memory of each queue, in bytes.</param>
/// <param name="Drain">The time limit for delivering received bytes when the program stops.</param>
/// <param name="Takeover">The path of the socket for takeovers between processes of the service, or null.</param>
/// <param name="Linger">The time that established connections may stay open after another process has taken over.</param>
internal sealed record ReceiveOptions(IPEndPoint Listen, ZcrxEngine Engine, string? Interface, int RxQueue, int Queues, long AreaSize, TimeSpan Drain, string? Takeover = null, TimeSpan Linger = default);
