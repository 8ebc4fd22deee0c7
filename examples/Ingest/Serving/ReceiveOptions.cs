using System.Net;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>How the program receives.</summary>
/// <param name="Listen">Where; port 0 lets the kernel choose.</param>
/// <param name="Engine">What receives.</param>
/// <param name="Interface">The network interface whose queues are taken, or null.</param>
/// <param name="RxQueue">The first RX queue on it.</param>
/// <param name="Queues">Interface queues, each with a ring and a thread.</param>
/// <param name="AreaSize">Bytes of memory per queue that payload is received into.</param>
/// <param name="Drain">How long delivering what has arrived may take at the end.</param>
/// <param name="Takeover">The socket at which one process of the service takes over from another, or null.</param>
/// <param name="Linger">How long established connections may go on after another process has taken over.</param>
internal sealed record ReceiveOptions(IPEndPoint Listen, ZcrxEngine Engine, string? Interface, int RxQueue, int Queues, long AreaSize, TimeSpan Drain, string? Takeover = null, TimeSpan Linger = default);
