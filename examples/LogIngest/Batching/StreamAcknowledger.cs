using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Zcrx.Interop;
using Zcrx.Rx;

namespace LogIngest.Batching;

/// <summary>Reports to a sender the position up to which its stream is stored.</summary>
/// <remarks>
/// At most one answer is in progress. While the answer waits for a sender that does not read, newer positions replace older ones.
/// </remarks>
internal sealed class StreamAcknowledger(ZcrxConnection connection)
{
    private readonly Lock _gate = new();
    private long _position;
    private long _sent;
    private bool _isSending;

    /// <summary>Sends a position, unless a later position was sent before.</summary>
    public void Stored(long position)
    {
        lock (_gate)
        {
            _position = Math.Max(_position, position);
            if (_isSending || _position == _sent)
            {
                return;
            }

            _isSending = true;
        }

        _ = SendAsync();
    }

    private async Task SendAsync()
    {
        try
        {
            // Keeps the connection open until the answer is sent.
            using IDisposable work = connection.BeginWork();
            while (TryNext(out long position))
            {
                await connection.SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{position}\n")));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or ZcrxException or OperationCanceledException)
        {
            // The sender has disconnected. It will send all unanswered messages again.
        }
    }

    private bool TryNext(out long position)
    {
        lock (_gate)
        {
            position = _position;
            _isSending = position != _sent;
            _sent = position;
            return _isSending;
        }
    }
}
