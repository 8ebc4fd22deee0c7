using Akka.Actor;
using Zcrx.Actors.Listening;
using Zcrx.Actors.Supervision;
using Zcrx.Interop;

namespace Zcrx.Actors.Hosting;

/// <summary>Binds and unbinds listeners while Zcrx runs. Its callers are not actors, so they await tasks instead of messages.</summary>
/// <param name="supervisor">The supervisor.</param>
/// <param name="end">Signals the end of the actor tree, after which no command is answered.</param>
internal sealed class ListenerBinder(IActorRef supervisor, TreeEnd end)
{
    /// <summary>Binds a listener.</summary>
    /// <exception cref="ZcrxException">The supervisor refused the listener.</exception>
    public async Task<ZcrxServerBinding> AddListenerAsync(ZcrxListenerOptions listener, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // A cancellation ends only the wait. The answer is still needed, because a listener that is bound later must be unbound.
        Task<ZcrxReply?> answer = AskAsync(new ZcrxCommand.Bind(listener));
        ZcrxReply? reply;
        try
        {
            reply = await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = UndoAsync(answer);
            throw;
        }

        return reply switch
        {
            ZcrxReply.Bound bound => ToBinding(bound),
            ZcrxReply.Failed { Cause: ZcrxConfigurationException invalid } => throw invalid,
            ZcrxReply.Failed failed => throw Refused($"Binding {listener.EffectiveName}", failed.Message, failed.Cause),
            null => throw Refused($"Binding {listener.EffectiveName}", "Zcrx has stopped", null),
            _ => throw new InvalidOperationException($"Unexpected answer: {reply}."),
        };
    }

    /// <summary>Unbinds a listener by its name.</summary>
    /// <returns>The number of connections of the listener that are still open.</returns>
    /// <exception cref="ZcrxException">The supervisor refused the command.</exception>
    public Task<int> RemoveListenerAsync(string listener, TimeSpan? drain, CancellationToken cancellationToken) =>
        RemoveListenerAsync(new ZcrxCommand.Unbind(listener, drain), cancellationToken);

    private static ZcrxException Refused(string operation, string cause, Exception? inner) => inner is ZcrxException { Fix: { Length: > 0 } fix } known
        ? new ZcrxException(operation, known.ErrorNumber, known.Cause, fix, known)
        : new ZcrxException(operation, 0, cause.TrimEnd('.'), "", inner);

    private ZcrxServerBinding ToBinding(ZcrxReply.Bound bound) =>
        new(bound.Listener, bound.EndPoint, Task.WhenAny(((ListenerSlot)bound.Slot!).Closed, end.Ended), (drain, token) => RemoveListenerAsync(new ZcrxCommand.Unbind(bound.Listener, drain) { Slot = bound.Slot }, token));

    private async Task<int> RemoveListenerAsync(ZcrxCommand.Unbind command, CancellationToken cancellationToken) =>
        await AskAsync(command).WaitAsync(cancellationToken).ConfigureAwait(false) switch
        {
            ZcrxReply.Unbound unbound => unbound.Connections,
            ZcrxReply.Failed failed => throw Refused($"Unbinding {command.Listener}", failed.Message, failed.Cause),
            // The actor tree has ended. It has closed the port and all connections.
            null => 0,
            var other => throw new InvalidOperationException($"Unexpected answer: {other}."),
        };

    private async Task UndoAsync(Task<ZcrxReply?> answer)
    {
        if (await answer.ConfigureAwait(false) is ZcrxReply.Bound bound)
        {
            await ToBinding(bound).DrainAsync(TimeSpan.Zero).ConfigureAwait(false);
        }
    }

    /// <summary>Sends a command, and returns the reply; null if the actor tree ends before it replies.</summary>
    private async Task<ZcrxReply?> AskAsync(ZcrxCommand command)
    {
        if (end.Ended.IsCompleted)
        {
            return null;
        }

        using CancellationTokenSource asking = new();
        Task<ZcrxReply> answer = supervisor.Ask<ZcrxReply>(command, Timeout.InfiniteTimeSpan, asking.Token);
        if (await Task.WhenAny(answer, end.Ended).ConfigureAwait(false) == answer)
        {
            return await answer.ConfigureAwait(false);
        }

        await asking.CancelAsync().ConfigureAwait(false);
        return null;
    }
}
