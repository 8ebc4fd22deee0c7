using System.Text.Json;
using Akka.Actor;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Zcrx.Actors;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Executes the commands of the page and logs each command with its user.</summary>
internal sealed class DashboardCommands(IServiceProvider services, IZcrx zcrx)
{
    private const int LargestBody = 4096;

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromMinutes(1);

    public void Map(RouteGroupBuilder group, DashboardAccess access)
    {
        group.MapGet("token", access.Guard(SendTokenAsync));
        Command("pause", static request => request.Connection is { } id ? new ZcrxCommand.PauseConnection(id) : null);
        Command("resume", static request => request.Connection is { } id ? new ZcrxCommand.ResumeConnection(id) : null);
        Command("move", static request => request is { Connection: { } id, Queue: { } queue } ? new ZcrxCommand.MoveConnection(id, queue) : null);
        Command("restart", static request => request.Queue is { } queue ? new ZcrxCommand.RestartQueue(queue) : null);

        void Command(string name, Func<CommandRequest, ZcrxCommand?> create) =>
            group.MapPost(name, access.Guard(context => RunAsync(context, name, create, access.Mask), needsOrigin: true));
    }

    private static Task SendTokenAsync(HttpContext context)
    {
        AntiforgeryTokenSet tokens = context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context);
        return Answer.SendAsync(context, new TokenView(tokens.HeaderName ?? "", tokens.RequestToken ?? ""), DashboardJson.Default.TokenView);
    }

    private async Task RunAsync(HttpContext context, string name, Func<CommandRequest, ZcrxCommand?> create, AddressMask mask)
    {
        // Checks the antiforgery token. The token is in a header, so no form is parsed.
        if (!await context.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(context).ConfigureAwait(false))
        {
            DashboardAccess.LogRefused(context, "the antiforgery token is missing or invalid");
            await SendAsync(context, StatusCodes.Status400BadRequest, "The antiforgery token is missing or invalid. Reload the page.").ConfigureAwait(false);
            return;
        }

        if (await ReadAsync(context).ConfigureAwait(false) is not { } request || create(request) is not { } command)
        {
            await SendAsync(context, StatusCodes.Status400BadRequest, "The request must be JSON that names the connection or the queue.").ConfigureAwait(false);
            return;
        }

        (int status, string message) = await AskAsync(command).ConfigureAwait(false);
        ILogger logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(DashboardLog.Category);
        string subject = request.Connection is { } id ? $"connection {id}" : $"queue {request.Queue}";
        DashboardLog.Command(logger, name, OneLine(subject), OneLine(context.User.Identity?.Name ?? "(anonymous)"), context.Connection.RemoteIpAddress?.ToString() ?? "", OneLine(message));
        await SendAsync(context, status, mask.Text(message)).ConfigureAwait(false);
    }

    /// <summary>Replaces control characters by spaces, so that a name with a line break cannot forge further lines of a log file.</summary>
    private static string OneLine(string text) => string.Concat(text.Select(static character => char.IsControl(character) ? ' ' : character));

    private static async Task<CommandRequest?> ReadAsync(HttpContext context)
    {
        if (!context.Request.HasJsonContentType())
        {
            return null;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = LargestBody;
        }

        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, DashboardJson.Default.CommandRequest, context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is JsonException or BadHttpRequestException)
        {
            return null;
        }
    }

    private async Task<(int Status, string Message)> AskAsync(ZcrxCommand command)
    {
        try
        {
            return await zcrx.Supervisor.Ask<ZcrxReply>(command, AnswerTimeout).ConfigureAwait(false) switch
            {
                ZcrxReply.Paused { Connection: var connection } => (StatusCodes.Status200OK, $"Connection {connection.Id} is paused."),
                ZcrxReply.Resumed { Connection: var connection } => (StatusCodes.Status200OK, $"Connection {connection.Id} receives again."),
                ZcrxReply.Moved { Connection: var connection } => (StatusCodes.Status200OK, $"Connection {connection.Id} is on {connection.Queue}."),
                ZcrxReply.Restarted { Queue: var queue } => (StatusCodes.Status200OK, $"Queue {queue.Name} is open again."),
                ZcrxReply.Failed { Reason: ZcrxFailure.NoSuchConnection or ZcrxFailure.NoSuchQueue } failed => (StatusCodes.Status404NotFound, failed.Message),
                ZcrxReply.Failed failed => (StatusCodes.Status409Conflict, failed.Message),
                var other => (StatusCodes.Status500InternalServerError, $"Unexpected answer {other.GetType().Name}."),
            };
        }
        catch (AskTimeoutException)
        {
            return (StatusCodes.Status504GatewayTimeout, $"No answer within {AnswerTimeout.TotalSeconds} s. The command may still be carried out.");
        }
    }

    private static Task SendAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        return Answer.SendAsync(context, new CommandResult(status == StatusCodes.Status200OK, message), DashboardJson.Default.CommandResult);
    }
}
