using Zcrx.Interop;

namespace Zcrx.Rx.Listening;

/// <summary>
/// Ends the observers of listeners when their queue has failed. A supervisor recognizes the type, so it reports the failure once instead of
/// once per listener.
/// </summary>
internal sealed class QueueFailedException(string queue, Exception cause) : ZcrxException($"Accepting on the queue {queue}", 0, "the queue failed", "", cause);
