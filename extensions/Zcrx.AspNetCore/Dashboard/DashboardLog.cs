using Microsoft.Extensions.Logging;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Contains the log messages of the dashboard.</summary>
internal static partial class DashboardLog
{
    public const string Category = "Zcrx.AspNetCore.Dashboard";

    [LoggerMessage(1901, LogLevel.Critical, "Dashboard at {Pattern} cannot be served; stopping the application.")]
    public static partial void Refused(ILogger logger, string pattern, Exception exception);

    [LoggerMessage(1902, LogLevel.Information, "Command {Command} for {Subject} by {User} from {Address}: {Result}")]
    public static partial void Command(ILogger logger, string command, string subject, string user, string address, string result);

    [LoggerMessage(1903, LogLevel.Warning, "Request to the dashboard at {Path} refused: {Reason}.")]
    public static partial void RequestRefused(ILogger logger, string path, string reason);
}
