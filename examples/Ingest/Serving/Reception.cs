using System.Reactive.Disposables;
using Zcrx.Rx;

namespace Ingest.Serving;

/// <summary>Receives the connections and writes each one to its own file.</summary>
/// <param name="directory">The directory of the files, or null to count bytes only.</param>
/// <param name="totals">Counts all received bytes and streams.</param>
/// <param name="journal">Reports each connection.</param>
internal sealed class Reception(string? directory, Totals totals, Journal journal)
{
    /// <summary>Accepts a connection. Called on the ring thread.</summary>
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
