using System.Net;
using Akka.Actor;
using Microsoft.Extensions.Options;
using Zcrx.Actors.Options;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Checks all options before anything is opened, and reports every error with its configuration path.</summary>
internal sealed class ZcrxOptionsValidator : IValidateOptions<ZcrxOptions>
{
    public ValidateOptionsResult Validate(string? name, ZcrxOptions options)
    {
        IReadOnlyList<ZcrxConfigurationError> errors = Validate(options);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors.Select(static error => error.ToString()));
    }

    public static IReadOnlyList<ZcrxConfigurationError> Validate(ZcrxOptions options)
    {
        List<ZcrxConfigurationError> errors = [.. options.Unreadable];
        void Check(bool valid, string path, string message)
        {
            if (!valid)
            {
                errors.Add(new ZcrxConfigurationError($"{options.Path}:{path}", message));
            }
        }

        Check(ActorPath.IsValidPathElement(options.ActorName), nameof(ZcrxOptions.ActorName), $"'{options.ActorName}' cannot be an actor's name");
        Check(options.Dispatcher is not null, nameof(ZcrxOptions.Dispatcher), "must not be null; empty stands for the default");
        Check(Enum.IsDefined(options.Engine), nameof(ZcrxOptions.Engine), $"must be {OptionsReader.Names(typeof(ZcrxEngine))}");
        Check(options.DrainTimeout >= TimeSpan.Zero && options.DrainTimeout <= TimeSpan.FromDays(1), nameof(ZcrxOptions.DrainTimeout), $"must be between zero and a day, but is {options.DrainTimeout}");
        Check(options.BindTimeout > TimeSpan.Zero && options.BindTimeout <= TimeSpan.FromDays(1), nameof(ZcrxOptions.BindTimeout), $"must be above zero and at most a day, but is {options.BindTimeout}");
        CheckQueues(options, errors, Check);
        CheckQueueKeys(options, Check);
        CheckListeners(options, errors, Check);
        CheckRestart(options.Restart, Check);
        CheckWatchdog(options.Watchdog, Check);
        CheckRebalancing(options.Rebalancing, Check);
        Check(options.Takeover.ListenerTimeout >= TimeSpan.Zero && options.Takeover.ListenerTimeout <= TimeSpan.FromDays(1), $"{nameof(ZcrxOptions.Takeover)}:{nameof(ZcrxHostedTakeoverOptions.ListenerTimeout)}", $"must be between zero and a day, but is {options.Takeover.ListenerTimeout}");
        Check(options.Takeover.Linger >= TimeSpan.Zero && options.Takeover.Linger <= TimeSpan.FromDays(1), $"{nameof(ZcrxOptions.Takeover)}:{nameof(ZcrxHostedTakeoverOptions.Linger)}", $"must be between zero and a day, but is {options.Takeover.Linger}");
        if (options.Takeover.Path is not null)
        {
            errors.AddRange(options.Takeover.ToTakeoverOptions().Validate($"{options.Path}:{nameof(ZcrxOptions.Takeover)}"));
        }

        return errors;
    }

    private static void CheckQueues(ZcrxOptions options, List<ZcrxConfigurationError> errors, Action<bool, string, string> check)
    {
        Dictionary<string, int> names = new(StringComparer.Ordinal);
        Dictionary<(string, int), int> nics = [];
        IReadOnlyList<ZcrxQueueOptions> queues = options.EffectiveQueues();
        for (int i = 0; i < queues.Count; i++)
        {
            ZcrxQueueOptions queue = queues[i];
            string path = $"{nameof(ZcrxOptions.Queues)}:{i}";
            errors.AddRange(queue.Validate($"{options.Path}:{path}"));
            check(names.TryAdd(queue.Name ?? "", i), $"{path}:{nameof(ZcrxQueueOptions.Name)}", $"queue {names[queue.Name ?? ""]} is called '{queue.Name}' too");
            if (queue.Interface is { } networkInterface && queue.Engine is ZcrxEngine.Nic or ZcrxEngine.Auto)
            {
                (string, int) nic = (networkInterface, queue.RxQueue);
                check(nics.TryAdd(nic, i), $"{path}:{nameof(ZcrxQueueOptions.RxQueue)}", $"queue {nics[nic]} takes RX queue {queue.RxQueue} of {networkInterface} too");
            }
        }
    }

    private static void CheckQueueKeys(ZcrxOptions options, Action<bool, string, string> check)
    {
        foreach (IGrouping<Type, string> key in options.QueueKeys.GroupBy(static entry => entry.Value, static entry => entry.Key))
        {
            check(key.Count() == 1, nameof(ZcrxOptions.Queues), $"{key.Key.Name} is the registry key of several queues: {string.Join(", ", key)}");
        }

        foreach (string missing in options.QueueKeys.Keys.Except(options.EffectiveQueues().Select(static queue => queue.Name), StringComparer.Ordinal))
        {
            check(false, nameof(ZcrxOptions.Queues), $"no queue is called '{missing}', which has the registry key {options.QueueKeys[missing].Name}");
        }
    }

    private static void CheckListeners(ZcrxOptions options, List<ZcrxConfigurationError> errors, Action<bool, string, string> check)
    {
        Dictionary<string, int> names = new(StringComparer.Ordinal);
        Dictionary<IPEndPoint, int> endPoints = [];
        for (int i = 0; i < options.Listeners.Count; i++)
        {
            ZcrxListenerOptions listener = options.Listeners[i];
            string path = $"{nameof(ZcrxOptions.Listeners)}:{i}";
            bool parsed = ListenEndPoint.TryParse(listener.EndPoint, out IPEndPoint? endPoint);
            check(parsed, $"{path}:{nameof(ZcrxListenerOptions.EndPoint)}", $"'{listener.EndPoint}' is not an address; {ListenEndPoint.Expected}");
            if (endPoint is { Port: not 0 })
            {
                check(endPoints.TryAdd(endPoint, i), $"{path}:{nameof(ZcrxListenerOptions.EndPoint)}", $"listener {endPoints[endPoint]} has {endPoint} too");
            }

            errors.AddRange(listener.Validate($"{options.Path}:{path}"));
            check(listener.Handler is not null, path, $"'{listener.EffectiveName}' has no connection handler; give it one with ZcrxBuilder.Handle");
            // Only explicit names must differ. Unnamed listeners are named after their addresses, and port 0 may be configured twice.
            check(listener.Name is null || names.TryAdd(listener.Name, i), $"{path}:{nameof(ZcrxListenerOptions.Name)}", $"another listener is called '{listener.Name}' too");
        }
    }

    private static void CheckRestart(ZcrxRestartOptions restart, Action<bool, string, string> check)
    {
        const string Path = nameof(ZcrxOptions.Restart);
        check(restart.MinBackoff >= TimeSpan.Zero, $"{Path}:{nameof(restart.MinBackoff)}", $"must not be negative, but is {restart.MinBackoff}");
        check(restart.MaxBackoff >= restart.MinBackoff, $"{Path}:{nameof(restart.MaxBackoff)}", $"must not be less than MinBackoff ({restart.MinBackoff}), but is {restart.MaxBackoff}");
        check(restart.RandomFactor is >= 0 and <= 1, $"{Path}:{nameof(restart.RandomFactor)}", $"must be between 0 and 1, but is {restart.RandomFactor}");
        check(restart.MaxRestarts >= 0, $"{Path}:{nameof(restart.MaxRestarts)}", $"must not be negative, but is {restart.MaxRestarts}");
        check(restart.Within > TimeSpan.Zero, $"{Path}:{nameof(restart.Within)}", $"must be more than zero, but is {restart.Within}");
        check(restart.RelocateAfter >= TimeSpan.Zero, $"{Path}:{nameof(restart.RelocateAfter)}", $"must not be negative, but is {restart.RelocateAfter}");
        check(Enum.IsDefined(restart.WhenGivenUp), $"{Path}:{nameof(restart.WhenGivenUp)}", $"must be {OptionsReader.Names(typeof(ZcrxEscalation))}");
        check(restart.IsPermanent is not null, $"{Path}:{nameof(restart.IsPermanent)}", "must not be null");
    }

    private static void CheckWatchdog(ZcrxWatchdogOptions watchdog, Action<bool, string, string> check)
    {
        const string Path = nameof(ZcrxOptions.Watchdog);
        check(
            watchdog.StuckAfter >= TimeSpan.FromMilliseconds(100) && watchdog.StuckAfter <= TimeSpan.FromDays(1),
            $"{Path}:{nameof(watchdog.StuckAfter)}",
            $"must be between 100 ms and a day, but is {watchdog.StuckAfter}");
        check(watchdog.NotLiveAfter >= watchdog.StuckAfter, $"{Path}:{nameof(watchdog.NotLiveAfter)}", $"must not be less than StuckAfter ({watchdog.StuckAfter}), but is {watchdog.NotLiveAfter}");
        check(
            watchdog.AbandonAfter >= TimeSpan.Zero && watchdog.AbandonAfter <= TimeSpan.FromDays(1),
            $"{Path}:{nameof(watchdog.AbandonAfter)}",
            $"must be between zero and a day, but is {watchdog.AbandonAfter}");
    }

    private static void CheckRebalancing(ZcrxRebalancingOptions options, Action<bool, string, string> check)
    {
        const string Path = nameof(ZcrxOptions.Rebalancing);
        check(Enum.IsDefined(options.Steering), $"{Path}:{nameof(options.Steering)}", $"must be {OptionsReader.Names(typeof(FlowSteeringPermission))}");
        check(
            options.SampleInterval >= TimeSpan.FromMilliseconds(1) && options.SampleInterval <= TimeSpan.FromDays(1),
            $"{Path}:{nameof(options.SampleInterval)}",
            $"must be between a millisecond and a day, but is {options.SampleInterval}");
        check(options.StormShare is > 0 and <= 1, $"{Path}:{nameof(options.StormShare)}", $"must be above 0 and at most 1, but is {options.StormShare}");
        check(options.CalmShare > 0 && options.CalmShare < options.StormShare, $"{Path}:{nameof(options.CalmShare)}", $"must be above 0 and below StormShare, but is {options.CalmShare}");
        check(options.StormSamples >= 1, $"{Path}:{nameof(options.StormSamples)}", $"must be at least 1, but is {options.StormSamples}");
        check(options.MinSampleBytes >= 1, $"{Path}:{nameof(options.MinSampleBytes)}", $"must be at least 1, but is {options.MinSampleBytes}");
        check(options.PressureSamples >= 1, $"{Path}:{nameof(options.PressureSamples)}", $"must be at least 1, but is {options.PressureSamples}");
        check(options.CoolDown >= TimeSpan.Zero && options.CoolDown <= TimeSpan.FromDays(1), $"{Path}:{nameof(options.CoolDown)}", $"must be between zero and a day, but is {options.CoolDown}");
        // A connection that is moved and steered in one interval needs two actions.
        check(options.MaxActionsPerInterval >= 2, $"{Path}:{nameof(options.MaxActionsPerInterval)}", $"must be at least 2, but is {options.MaxActionsPerInterval}");
        check(options.MaxFlowRules >= 0, $"{Path}:{nameof(options.MaxFlowRules)}", $"must not be negative, but is {options.MaxFlowRules}");
    }
}
