using Akka.IO;
using Akka.Streams;
using Akka.Streams.Stage;
using Zcrx.Rx;

namespace Zcrx.Actors.Streams;

/// <summary>Represents an accepted connection as a stage. It can be materialized once.</summary>
/// <typeparam name="T">The type of the emitted elements.</typeparam>
/// <param name="connection">The connection.</param>
/// <param name="use">Claims the connection. Returns true only for the first call.</param>
/// <param name="receive">Creates the elements of the connection.</param>
/// <param name="halfClose">True if the connection still receives after the upstream has ended.</param>
internal sealed class IncomingStage<T>(ZcrxConnection connection, Func<bool> use, Func<ZcrxConnection, Action, IElements<T>> receive, bool halfClose)
    : GraphStage<FlowShape<ByteString, T>>
{
    public override FlowShape<ByteString, T> Shape { get; } = new(new Inlet<ByteString>("ZcrxIncoming.in"), new Outlet<T>("ZcrxIncoming.out"));

    protected override Attributes InitialAttributes { get; } = Attributes.CreateName("ZcrxIncoming");

    public override string ToString() => $"zcrx {connection}";

    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) => new Logic(this, connection, use, receive, halfClose);

    private sealed class Logic(IncomingStage<T> stage, ZcrxConnection connection, Func<bool> use, Func<ZcrxConnection, Action, IElements<T>> receive, bool halfClose)
        : ConnectionLogic<T>(stage.Shape, receive, halfClose)
    {
        public override void PreStart()
        {
            base.PreStart();
            if (use())
            {
                Begin(connection);
            }
            else
            {
                FailStage(new InvalidOperationException(ZcrxIncomingConnection.UsedMessage(connection)));
            }
        }
    }
}
