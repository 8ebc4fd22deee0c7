using Zcrx.Interop;

namespace Zcrx.Rx.Listening;

/// <summary>Ends accepting because the whole queue has failed. A supervisor reports that failure once, and not for each listener as well.</summary>
internal sealed class QueueFailedException(string queue, Exception cause) : ZcrxException($"Accepting on the queue {queue}", 0, "the queue failed", "", cause);
