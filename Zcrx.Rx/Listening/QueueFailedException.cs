using Zcrx.Interop;

namespace Zcrx.Rx.Listening;

/// <summary>
/// Thrown to the observers of listeners when their whole queue has failed. A supervisor recognizes it and reports the failure only once.
/// </summary>
internal sealed class QueueFailedException(string queue, Exception cause) : ZcrxException($"Accepting on the queue {queue}", 0, "the queue failed", "", cause);
