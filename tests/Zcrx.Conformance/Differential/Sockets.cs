using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Differential;

/// <summary>Contains descriptors on which a receive request must fail, such as a pipe and a listening socket.</summary>
internal sealed class Sockets : IDisposable
{
    private readonly (int Read, int Write) _pipe = Posix.Pipe();
    private readonly (int First, int Second) _local = Posix.UnixPair();

    public int Pipe => _pipe.Read;

    public int Local => _local.First;

    public int Datagrams { get; } = Posix.Socket(Posix.AF_INET, Posix.SOCK_DGRAM);

    public int Unconnected { get; } = Posix.Socket(Posix.AF_INET, Posix.SOCK_STREAM);

    public int Listening { get; } = Posix.Listen().Fd;

    public void Dispose()
    {
        foreach (int fd in new[] { _pipe.Read, _pipe.Write, _local.First, _local.Second, Datagrams, Unconnected, Listening })
        {
            Posix.Close(fd);
        }
    }
}
