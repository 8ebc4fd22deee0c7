using System.Reactive.Disposables;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>Receives the connections and writes each one to its own file.</summary>
/// <param name="directory">The directory of the files, or null to count bytes only.</param>
/// <param name="totals">Counts everything.</param>
/// <param name="journal">Tells about each connection.</param>
internal sealed class Reception(string? directory, Totals totals, Journal journal)
{
    /// <summary>Takes a connection in. On the ring's thread.</summary>
    public IDisposable Accept(ZcrxConnection connection)
    {
        totals.Opened();
        string? path = directory is null ? null : Path.Combine(directory, FileName.Of(connection, TimeProvider.System.GetUtcNow()));
        try
        {
            return connection.Buffers.Subscribe(new IncomingFile(connection, path, totals, journal));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            totals.Broken();
            journal.Complain($"{PeerText.Of(connection)}: refused, because its file cannot be created: {exception.Message}");
            connection.Abort();
            return Disposable.Empty;
        }
    }
}
