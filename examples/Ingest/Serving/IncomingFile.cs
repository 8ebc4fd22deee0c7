using System.Diagnostics;
using Ingest.Display;
using Microsoft.Win32.SafeHandles;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>Writes one connection's stream to a file, or discards it if there is no file. Called on the ring thread.</summary>
/// <remarks>
/// <para>Each write passes the borrowed memory to the system call, so nothing is copied or leased. A write goes to the page cache, and
/// waits only when the disk cannot keep up. TCP then slows the senders down.</para>
/// <para>An exception in OnNext ends only this stream. Zcrx passes it to OnError and resets the connection, so the sender notices the
/// failure.</para>
/// </remarks>
internal sealed class IncomingFile : IObserver<ReceivedBuffer>
{
    private readonly ZcrxConnection _connection;
    private readonly string _peer;
    private readonly string? _path;
    private readonly SafeFileHandle? _file;
    private readonly Totals _totals;
    private readonly Journal _journal;
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _bytes;

    /// <summary>Opens the file.</summary>
    /// <exception cref="IOException">The file cannot be created.</exception>
    public IncomingFile(ZcrxConnection connection, string? path, Totals totals, Journal journal)
    {
        _connection = connection;
        _peer = PeerText.Of(connection);
        _path = path;
        _totals = totals;
        _journal = journal;
        _file = path is null ? null : File.OpenHandle(path + FileName.PartSuffix, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
    }

    public void OnNext(ReceivedBuffer value)
    {
        if (_file is not null)
        {
            RandomAccess.Write(_file, value.Span, value.StreamOffset);
        }

        _bytes += value.Length;
        _totals.Received(value.Length);
    }

    public void OnCompleted()
    {
        _file?.Dispose();
        try
        {
            if (_path is not null)
            {
                File.Move(_path + FileName.PartSuffix, _path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _totals.Broken();
            // Resets the connection, because a normal close would tell the peer that the file was received.
            _connection.Abort();
            _journal.Complain($"{_peer}: complete, but its file keeps the suffix {FileName.PartSuffix}: {exception.Message}");
            return;
        }

        _totals.Completed();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_start);
        _journal.Say($"{_peer}: {Quantity.Bytes(_bytes)} in {Quantity.Seconds(elapsed)}{(_path is null ? "" : $" -> {Path.GetFileName(_path)}")}");
    }

    public void OnError(Exception error)
    {
        _file?.Dispose();
        _totals.Broken();
        string kept = _path is null ? "" : $"; what was written stays in {Path.GetFileName(_path)}{FileName.PartSuffix}";
        string what = error is ZcrxStreamException broken ? $"broke off after {Quantity.Bytes(_bytes)}: {broken.Cause}" : $"given up after {Quantity.Bytes(_bytes)}: {error.Message}";
        _journal.Complain($"{_peer}: {what}{kept}");
    }
}
