using Zcrx.Interop;

namespace Zcrx.Rx.Listening;

/// <summary>
/// Ends accepting because the whole queue has failed. A supervisor reports the failure of the queue once, not again for each listener.
/// </summary>
internal sealed class QueueFailedException(string queue, Exception cause) : ZcrxException($"Accepting on the queue {queue}", 0, "the queue failed", "", cause);
