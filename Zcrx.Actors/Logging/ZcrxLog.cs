using System.Net;
using Microsoft.Extensions.Logging;
using Zcrx.Rx;

namespace Zcrx.Actors.Logging;

/// <summary>
/// Contains all log messages. Event ids never change. 10xx are the ids of the actor tree, 11xx of queues, 12xx of listeners, 13xx of
/// connections, 14xx of pools. 15xx are the ids of the kernel, 16xx of the actor system, 17xx of takeover, 18xx of rebalancing.
/// </summary>
internal static partial class ZcrxLog
{
    [LoggerMessage(1001, LogLevel.Information, "Receiving with {Queues} queue(s); listening on {EndPoints}.")]
    public static partial void Started(ILogger logger, int queues, string endPoints);

    [LoggerMessage(1002, LogLevel.Critical, "Start failed.")]
    public static partial void StartFailed(ILogger logger, Exception exception);

    [LoggerMessage(1003, LogLevel.Information, "Stopping; delivering received bytes for at most {Drain}.")]
    public static partial void Stopping(ILogger logger, TimeSpan drain);

    [LoggerMessage(1004, LogLevel.Information, "Stopped.")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(1005, LogLevel.Debug, "Actor system {System} runs Zcrx as {Supervisor}.")]
    public static partial void UsingActorSystem(ILogger logger, string system, string supervisor);

    [LoggerMessage(1006, LogLevel.Critical, "Zcrx has ended without a stop: its supervisor was killed, or the actor system was torn down.")]
    public static partial void EndedUnasked(ILogger logger);

    [LoggerMessage(1007, LogLevel.Information, "Changed options apply now: {Options}.")]
    public static partial void OptionsApplied(ILogger logger, string options);

    [LoggerMessage(1008, LogLevel.Warning, "Changed options need RestartQueue: {Options}.")]
    public static partial void OptionsNeedRestartQueue(ILogger logger, string options);

    [LoggerMessage(1011, LogLevel.Warning, "Drain timeout {Drain} is longer than actor system {System} allows when it ends first: {Delivery}. Raise the timeout of its shutdown phase {Phase} to 1.25 times the drain timeout.")]
    public static partial void DeliveryPhaseIsShort(ILogger logger, TimeSpan drain, TimeSpan delivery, string system, string phase);

    [LoggerMessage(1009, LogLevel.Warning, "Changed options need a restart of the host: {Options}.")]
    public static partial void OptionsNeedRestart(ILogger logger, string options);

    [LoggerMessage(1010, LogLevel.Error, "Changed options refused, the current ones still apply: {Errors}")]
    public static partial void OptionsRefused(ILogger logger, string errors, Exception? exception);

    [LoggerMessage(1101, LogLevel.Information, "Queue {Queue} opened with engine {Engine}: {Reason}.")]
    public static partial void QueueOpened(ILogger logger, string queue, string engine, string reason);

    [LoggerMessage(1102, LogLevel.Warning, "Queue {Queue} failed, restarting in {Delay} (attempt {Attempt}).")]
    public static partial void QueueRestarting(ILogger logger, string queue, TimeSpan delay, int attempt, Exception exception);

    [LoggerMessage(1103, LogLevel.Error, "Queue {Queue} given up: {Reason}.")]
    public static partial void QueueFailed(ILogger logger, string queue, string reason, Exception exception);

    [LoggerMessage(1104, LogLevel.Information, "Queue {Queue} closed.")]
    public static partial void QueueStopped(ILogger logger, string queue);

    [LoggerMessage(1105, LogLevel.Information, "Queue {Queue} restarts on command.")]
    public static partial void QueueRestartRequested(ILogger logger, string queue);

    [LoggerMessage(1106, LogLevel.Warning, "Could not keep the registration of queue {Queue} across the restart, registering again.")]
    public static partial void RegistrationNotKept(ILogger logger, string queue, Exception cause);

    [LoggerMessage(1107, LogLevel.Information, "Interface {Text}.")]
    public static partial void InterfaceConfigured(ILogger logger, string text);

    [LoggerMessage(1120, LogLevel.Information, "Queue {Queue}: {Connections} suspended connection(s) resumed on {Targets}.")]
    public static partial void ConnectionsResumed(ILogger logger, int connections, string queue, string targets);

    [LoggerMessage(1121, LogLevel.Warning, "Queue {Queue} falls back to an engine without NIC.")]
    public static partial void QueueFallsBack(ILogger logger, string queue, Exception exception);

    [LoggerMessage(1201, LogLevel.Information, "Listener {Listener} bound to {EndPoint}.")]
    public static partial void ListenerBound(ILogger logger, string listener, IPEndPoint endPoint);

    [LoggerMessage(1202, LogLevel.Error, "Listener {Listener} failed.")]
    public static partial void ListenerFailed(ILogger logger, string listener, Exception exception);

    [LoggerMessage(1203, LogLevel.Information, "Listener {Listener} closed.")]
    public static partial void ListenerClosed(ILogger logger, string listener);

    [LoggerMessage(1204, LogLevel.Information, "Closing the ports; connections continue.")]
    public static partial void ClosingPorts(ILogger logger);

    [LoggerMessage(1205, LogLevel.Warning, "Queue {Queue} stops accepting, peers wait in the backlog: {Reason}. Raise the limit on open files (LimitNOFILE) or lower the number of connections.")]
    public static partial void AcceptingStopped(ILogger logger, string queue, string reason);

    [LoggerMessage(1206, LogLevel.Information, "Queue {Queue} accepts again: {Reason}.")]
    public static partial void AcceptingResumed(ILogger logger, string queue, string reason);

    [LoggerMessage(1207, LogLevel.Warning, "Limit {Limit} of {Owner} acted {Count} time(s), last for {RemoteEndPoint}: {Reason}.")]
    public static partial void LimitReached(ILogger logger, ZcrxLimit limit, string owner, long count, IPEndPoint? remoteEndPoint, string reason);

    [LoggerMessage(1208, LogLevel.Information, "Limit {Limit} of {Owner} acted {Count} time(s), last for {RemoteEndPoint}: {Reason}.")]
    public static partial void PeersLimited(ILogger logger, ZcrxLimit limit, string owner, long count, IPEndPoint? remoteEndPoint, string reason);

    [LoggerMessage(1209, LogLevel.Information, "Unbinding listener {Listener} on command.")]
    public static partial void Unbinding(ILogger logger, string listener);

    [LoggerMessage(1210, LogLevel.Warning, "Could not bind listener {Listener} on command: {Reason}")]
    public static partial void BindRefused(ILogger logger, string listener, string reason);

    [LoggerMessage(1211, LogLevel.Error, "Queue {Queue} does not accept on listener {Listener}.")]
    public static partial void QueueDoesNotAccept(ILogger logger, string queue, string listener, Exception exception);

    [LoggerMessage(1212, LogLevel.Warning, "Unbinding of listener {Listener} not finished in time: {Reason}")]
    public static partial void UnbindOverdue(ILogger logger, string listener, string reason);

    [LoggerMessage(1301, LogLevel.Debug, "Connection {Connection} from {RemoteEndPoint} accepted by listener {Listener} on queue {Queue}.")]
    public static partial void ConnectionOpened(ILogger logger, long connection, IPEndPoint? remoteEndPoint, string listener, string queue);

    [LoggerMessage(1302, LogLevel.Debug, "Connection {Connection} closed after {Bytes} bytes.")]
    public static partial void ConnectionClosed(ILogger logger, long connection, long bytes, Exception? exception);

    [LoggerMessage(1303, LogLevel.Error, "Consumer of queue {Queue} threw (connection {Connection}): {Reason}")]
    public static partial void ConsumerFaulted(ILogger logger, string queue, long? connection, string reason, Exception? exception);

    [LoggerMessage(1309, LogLevel.Information, "Connection {Connection} of queue {Queue} sent data that cannot be framed: {Reason}")]
    public static partial void FramingFailed(ILogger logger, long? connection, string queue, string reason);

    [LoggerMessage(1310, LogLevel.Information, "Stream of connection {Connection} on queue {Queue} failed, and its observer has no handler for errors: {Reason}")]
    public static partial void StreamFailedUnobserved(ILogger logger, long connection, string queue, string reason);

    [LoggerMessage(1311, LogLevel.Information, "{Count} more log event(s) {Event} of {Source} suppressed within {Interval}.")]
    public static partial void Suppressed(ILogger logger, long count, int @event, string source, TimeSpan interval);

    [LoggerMessage(1304, LogLevel.Debug, "Connection {Connection} with {RemoteEndPoint} attached to queue {Queue}.")]
    public static partial void ConnectionAttached(ILogger logger, long connection, IPEndPoint? remoteEndPoint, string queue);

    [LoggerMessage(1305, LogLevel.Information, "Connection {Connection} moved from queue {From} to {To} on command.")]
    public static partial void ConnectionMoved(ILogger logger, long connection, string from, string to);

    [LoggerMessage(1306, LogLevel.Information, "Connection {Connection} detached at stream offset {StreamOffset}.")]
    public static partial void ConnectionDetached(ILogger logger, long connection, long streamOffset);

    [LoggerMessage(1307, LogLevel.Warning, "Connection {Connection} of queue {Queue} stalled at stream offset {StreamOffset}: {BytesWaiting} bytes in its socket, nothing received for {Duration}.")]
    public static partial void ReceiveStalled(ILogger logger, long connection, string queue, long streamOffset, int bytesWaiting, TimeSpan duration);

    [LoggerMessage(1308, LogLevel.Information, "Connection {Connection} of queue {Queue} receives again after a stall of {Duration}.")]
    public static partial void ReceiveStallEnded(ILogger logger, long connection, string queue, TimeSpan duration);

    [LoggerMessage(1130, LogLevel.Error, "Queue {Queue} is stuck: its ring thread has been busy for {Duration} {Place}. New connections go to other queues.")]
    public static partial void QueueStuck(ILogger logger, string queue, TimeSpan duration, string place);

    [LoggerMessage(1131, LogLevel.Information, "Queue {Queue} is no longer stuck after {Duration}.")]
    public static partial void QueueNoLongerStuck(ILogger logger, string queue, TimeSpan duration);

    [LoggerMessage(1132, LogLevel.Critical, "Queue {Queue} has been stuck for {Duration} {Place}. Liveness fails; restart the process.")]
    public static partial void QueueNotLive(ILogger logger, string queue, TimeSpan duration, string place);

    [LoggerMessage(1133, LogLevel.Error, "Queue {Queue} abandoned: its ring thread has been stuck for {Duration} {Place}. Its connections ended with an error, its memory stays until the process ends.")]
    public static partial void QueueAbandoned(ILogger logger, string queue, TimeSpan duration, string place);

    [LoggerMessage(1134, LogLevel.Warning, "Queue {Queue} has reset {Connections} connection(s): when it stopped, work on them or a frame was unfinished.")]
    public static partial void UnfinishedReset(ILogger logger, string queue, long connections);

    [LoggerMessage(1135, LogLevel.Information, "Queue {Queue} has discarded {Bytes} bytes that arrived after it had ended its streams.")]
    public static partial void BytesDiscarded(ILogger logger, string queue, long bytes);

    [LoggerMessage(1136, LogLevel.Warning, "Queue {Queue}: {Observers} observer(s) had not returned in time after they were notified of its end. They may wait for the stuck callback.")]
    public static partial void ObserversBlocked(ILogger logger, string queue, int observers);

    [LoggerMessage(1401, LogLevel.Warning, "Pool of queue {Queue} exhausted: {BuffersOut} of {Buffers} buffers in flight, {Paused} connections paused.")]
    public static partial void PoolExhausted(ILogger logger, string queue, int buffersOut, int buffers, int paused);

    [LoggerMessage(1402, LogLevel.Information, "Pool of queue {Queue} {Level}: {BuffersOut} of {Buffers} buffers in flight, {Paused} connections paused.")]
    public static partial void PoolLevel(ILogger logger, string queue, PoolPressureLevel level, int buffersOut, int buffers, int paused);

    [LoggerMessage(1403, LogLevel.Information, "Pool of queue {Queue} grew to {Buffers} buffers.")]
    public static partial void PoolGrew(ILogger logger, string queue, int buffers);

    [LoggerMessage(1404, LogLevel.Warning, "Pool of queue {Queue} could not grow, stays at {Buffers} buffers.")]
    public static partial void PoolCannotGrow(ILogger logger, string queue, int buffers, Exception exception);

    [LoggerMessage(1405, LogLevel.Warning, "Operators hold {Queued} of {BuffersOut} buffers in flight of queue {Queue}: {Bound} of {Operators} operators allows {Allowed}, the pool has {Buffers}. Lower this bound to {Proposed}, or enlarge the area.")]
    public static partial void OperatorsHoldPool(
        ILogger logger, string queue, int queued, int buffersOut, int operators, string bound, long allowed, int buffers, int proposed);

    [LoggerMessage(1501, LogLevel.Debug, "Kernel notified {Type} on queue {Queue}.")]
    public static partial void Notified(ILogger logger, string queue, Interop.ZcrxNotificationType type);

    [LoggerMessage(1701, LogLevel.Information, "Took over from process {Predecessor}, listeners: {EndPoints}.")]
    public static partial void TookOver(ILogger logger, int predecessor, string endPoints);

    [LoggerMessage(1702, LogLevel.Information, "Accepting takeover requests at {Path}.")]
    public static partial void OffersTakeover(ILogger logger, string path);

    [LoggerMessage(1703, LogLevel.Warning, "Takeover failed; this process keeps serving.")]
    public static partial void TakeoverFailed(ILogger logger, Exception exception);

    [LoggerMessage(1704, LogLevel.Information, "Process {Successor} took over; {Connections} connection(s) continue here for at most {Linger}.")]
    public static partial void TakenOver(ILogger logger, int successor, int connections, TimeSpan linger);

    [LoggerMessage(1705, LogLevel.Warning, "Linger time {Linger} after the takeover is over with {Connections} open connection(s).")]
    public static partial void Lingered(ILogger logger, int connections, TimeSpan linger);

    [LoggerMessage(1706, LogLevel.Information, "Queue {Queue} taken over from process {Predecessor}.")]
    public static partial void QueueTakenOver(ILogger logger, string queue, int predecessor);

    [LoggerMessage(1707, LogLevel.Information, "Queue {Queue} stays in this process, the successor opens its own: {Reason}.")]
    public static partial void QueueStays(ILogger logger, string queue, string reason);

    [LoggerMessage(1708, LogLevel.Information, "Process {Predecessor} no longer receives into queue {Queue}; its buffers are reclaimed, {Leased} of them leased when it last reported.")]
    public static partial void QueueReleased(ILogger logger, int predecessor, string queue, int leased);

    [LoggerMessage(1709, LogLevel.Warning, "Successor ended or closed queue {Queue}; it continues here for the remaining connections.")]
    public static partial void QueueCameBack(ILogger logger, string queue);

    [LoggerMessage(1710, LogLevel.Information, "Keeping the predecessor's ports of {Listeners} for {Time}: no listener has bound them yet.")]
    public static partial void PortsKept(ILogger logger, string listeners, TimeSpan time);

    [LoggerMessage(1711, LogLevel.Warning, "No listener has bound the predecessor's ports {EndPoints} within {Time}; they are closed.")]
    public static partial void PortsNotBound(ILogger logger, string endPoints, TimeSpan time);

    [LoggerMessage(1603, LogLevel.Warning, "Command {Command} from {Sender} refused: it came from another process.")]
    public static partial void RemoteCommandRefused(ILogger logger, string command, Akka.Actor.IActorRef sender);

    [LoggerMessage(1801, LogLevel.Warning, "Queue {Queue}: {Share:P0} of the received bytes are copied, packets arrive on other RX queues.")]
    public static partial void StormBegan(ILogger logger, string queue, double share);

    [LoggerMessage(1802, LogLevel.Information, "Queue {Queue}: copy storm ended.")]
    public static partial void StormEnded(ILogger logger, string queue);

    [LoggerMessage(1803, LogLevel.Debug, "Connection {Connection} moved from queue {From} to {To}: {Reason}.")]
    public static partial void ConnectionRebalanced(ILogger logger, long connection, string from, string to, MoveReason reason);

    [LoggerMessage(1804, LogLevel.Information, "Steered: {Action}.")]
    public static partial void Steered(ILogger logger, RebalanceAction action);

    [LoggerMessage(1805, LogLevel.Debug, "Undone: {Action}.")]
    public static partial void Unsteered(ILogger logger, RebalanceAction action);

    [LoggerMessage(1806, LogLevel.Debug, "Vetoed: {Action}.")]
    public static partial void Vetoed(ILogger logger, RebalanceAction action, Exception? exception);

    [LoggerMessage(1807, LogLevel.Warning, "Failed: {Action}.")]
    public static partial void RebalancingFailed(ILogger logger, RebalanceAction action, Exception? exception);

    [LoggerMessage(1808, LogLevel.Warning, "Connection {Connection} from {RemoteEndPoint} on queue {Queue} is copied permanently: {Reason}.")]
    public static partial void ConnectionDegraded(ILogger logger, long connection, IPEndPoint? remoteEndPoint, string queue, string reason);

    [LoggerMessage(1809, LogLevel.Information, "Connection {Connection} from {RemoteEndPoint} on queue {Queue} is no longer copied.")]
    public static partial void ConnectionRecovered(ILogger logger, long connection, IPEndPoint? remoteEndPoint, string queue);

    [LoggerMessage(1810, LogLevel.Error, "Rebalancer failed, restarting.")]
    public static partial void RebalancerFailed(ILogger logger, Exception exception);

    [LoggerMessage(1811, LogLevel.Warning, "Could not determine the RX queues of connections.")]
    public static partial void CannotRead(ILogger logger, Exception exception);

    [LoggerMessage(1813, LogLevel.Information, "Interfaces: {Text}.")]
    public static partial void Journal(ILogger logger, string text);

    [LoggerMessage(1814, LogLevel.Warning, "Could not open the journal of interface changes, so no interface is changed.")]
    public static partial void NoJournal(ILogger logger, Exception exception);

    [LoggerMessage(
        1816,
        LogLevel.Information,
        "Interface {Interface} is steered by the host of this container; the rebalancer only moves connections.")]
    public static partial void SteeredByHost(ILogger logger, string @interface);

    [LoggerMessage(1815, LogLevel.Error, "Rebalancer failed in a part of its work, continuing.")]
    public static partial void RebalancingFaulted(ILogger logger, Exception exception);

    [LoggerMessage(1812, LogLevel.Warning, "Could not remove the flow rule of connection {Connection}.")]
    public static partial void UndoFailed(ILogger logger, long connection, Exception exception);
}
