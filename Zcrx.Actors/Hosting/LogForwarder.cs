using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Logging;

namespace Zcrx.Actors.Hosting;

/// <summary>Passes what Akka has to say on to the host's log.</summary>
internal sealed class LogForwarder : ReceiveActor
{
    public LogForwarder(ILogger logger)
    {
        Receive<Error>(error => ZcrxLog.AkkaError(logger, error.LogSource, error.Message?.ToString() ?? "", error.Cause));
        Receive<Warning>(warning => ZcrxLog.AkkaWarning(logger, warning.LogSource, warning.Message?.ToString() ?? "", warning.Cause));
    }
}
