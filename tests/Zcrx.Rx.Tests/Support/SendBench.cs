using System.Net;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.HostRings;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Tests.Support;

/// <summary>
/// Tests senders on the calling thread, which takes the role of the ring thread. Uses a send batch on a ring of the machine's kernel, and
/// real connections.
/// </summary>
internal sealed class SendBench : IDisposable
{
    private readonly List<Line> _lines = [];

    /// <param name="lines">The number of connections.</param>
    /// <param name="sendBuffer">The size of the send buffers and of the peers' receive buffers. Null means the default size.</param>
    public SendBench(int lines, int? sendBuffer = null)
    {
        SendBatch? batch = SendBatch.TryCreate(static entries => SendRing.TryCreate(new LinuxKernel(), entries));
        Skip.If(batch is null, "The kernel permits no ring.");
        Batch = batch!;
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        for (int i = 0; i < lines; i++)
        {
            Socket peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            if (sendBuffer is { } size)
            {
                peer.ReceiveBufferSize = size;
            }

            peer.Connect(listener.LocalEndPoint!);
            Socket accepted = listener.Accept();
            if (sendBuffer is { } length)
            {
                accepted.SendBufferSize = length;
            }

            _lines.Add(new Line(Batch, peer, new ConnectionSocket(accepted)));
        }
    }

    public SendBatch Batch { get; }

    public Line this[int index] => _lines[index];

    public int Count => _lines.Count;

    /// <summary>
    /// Runs a turn with so many sends that the next turn collects its sends. The peer of the first line reads these bytes.
    /// </summary>
    public void WarmUp()
    {
        Batch.BeginTurn();
        for (int i = 0; i < SendBatch.FewestSends; i++)
        {
            Assert.True(_lines[0].Sender.SendAsync(new byte[1], default).AsTask().IsCompletedSuccessfully);
        }

        Batch.EndTurn();
        _lines[0].Read(SendBatch.FewestSends);
        Batch.BeginTurn();
    }

    public void Dispose()
    {
        Batch.Dispose();
        _lines.ForEach(static line => line.Dispose());
    }

    /// <summary>Represents a connection with its sender and its peer. Records what the sender does to the connection.</summary>
    internal sealed class Line : ISendingConnection, IDisposable
    {
        private readonly ConnectionSocket _socket;

        public Line(SendBatch batch, Socket peer, ConnectionSocket socket)
        {
            _socket = socket;
            Batch = batch;
            Peer = peer;
            Sender = new ConnectionSender(socket, this);
        }

        public Socket Peer { get; }

        public Socket Socket => _socket.Socket;

        public ConnectionSender Sender { get; }

        public SendBatch? Batch { get; }

        public List<ConnectionFailure> Failures { get; } = [];

        public int Work { get; private set; }

        public int Synchronizations { get; private set; }

        public bool AwaitsRoom { get; private set; }

        /// <summary>Gets or sets the number of bytes that were sent and that the peer has not read.</summary>
        public int Unread { get; set; }

        public string Name => "a line";

        public bool IsBroken { get; set; }

        public string WhyClosed => "the test has closed it";

        public void Fail(ConnectionFailure failure, bool abort) => Failures.Add(failure);

        public void BeginWork() => Work++;

        public void EndWork() => Work--;

        public void Synchronize() => Synchronizations++;

        public void AwaitRoom() => AwaitsRoom = true;

        /// <summary>Reads this number of bytes at the peer, and waits for them.</summary>
        public byte[] Read(int count)
        {
            byte[] bytes = new byte[count];
            Peer.ReceiveTimeout = (int)Deadline.Limit.TotalMilliseconds;
            for (int read = 0; read < count;)
            {
                int received = Peer.Receive(bytes.AsSpan(read));
                Assert.NotEqual(0, received);
                read += received;
            }

            return bytes;
        }

        /// <summary>Determines whether the peer has reached the end of the stream.</summary>
        public bool IsAtEnd()
        {
            Peer.ReceiveTimeout = (int)Deadline.Limit.TotalMilliseconds;
            return Peer.Receive(new byte[1]) == 0;
        }

        public void Close() => Sender.Close();

        public void Dispose()
        {
            Sender.Close();
            _socket.Close(abort: true);
            Peer.Dispose();
        }
    }
}
