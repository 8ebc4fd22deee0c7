using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Zcrx.Interop;

namespace Zcrx.Actors.Hosting;

/// <summary>What options have that nobody has set: from the section <c>zcrx</c> of an actor system's configuration, or else from the embedded reference.conf.</summary>
internal sealed record HoconDefaults
{
    private const string Section = "zcrx";

    private static readonly Config Reference = Load();

    /// <summary>Those of the reference.conf.</summary>
    public static HoconDefaults BuiltIn { get; } = Read(Reference, []);

    public string ActorName { get; private init; } = "";

    public string Dispatcher { get; private init; } = "";

    public TimeSpan DrainTimeout { get; private init; }

    public TimeSpan MinBackoff { get; private init; }

    public TimeSpan MaxBackoff { get; private init; }

    public double RandomFactor { get; private init; }

    public int MaxRestarts { get; private init; }

    public TimeSpan Within { get; private init; }

    /// <summary>Those of an actor system.</summary>
    /// <param name="system">The system; null for one that says nothing.</param>
    /// <param name="errors">Gets what cannot be read, each by its path.</param>
    public static HoconDefaults Of(ActorSystem? system, IList<ZcrxConfigurationError> errors)
    {
        if (system is null || !system.Settings.Config.HasPath(Section))
        {
            return BuiltIn;
        }

        Config config = system.Settings.Config.WithFallback(Reference);
        RefuseUnknown(Section, config, errors);
        RefuseUnknown($"{Section}.restart", config, errors);
        return Read(config, errors);
    }

    private static HoconDefaults Read(Config config, IList<ZcrxConfigurationError> errors) => new()
    {
        ActorName = config.GetString($"{Section}.actor-name", ""),
        Dispatcher = config.GetString($"{Section}.dispatcher", ""),
        DrainTimeout = Value("drain-timeout", config, errors, Duration),
        MinBackoff = Value("restart.min-backoff", config, errors, Duration),
        MaxBackoff = Value("restart.max-backoff", config, errors, Duration),
        RandomFactor = Value("restart.random-factor", config, errors, static (config, path) => config.GetDouble(path, 0)),
        MaxRestarts = Value("restart.max-restarts", config, errors, static (config, path) => config.GetInt(path, 0)),
        Within = Value("restart.within", config, errors, Duration),
    };

    private static TimeSpan Duration(Config config, string path) => config.GetTimeSpan(path, null, false);

    private static T Value<T>(string key, Config config, IList<ZcrxConfigurationError> errors, Func<Config, string, T> read)
    {
        string path = $"{Section}.{key}";
        try
        {
            return read(config, path);
        }
#pragma warning disable CA1031 // What HOCON throws at a value of the wrong kind is of many types, and differs between versions.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            errors.Add(new ZcrxConfigurationError(path, string.Create(CultureInfo.InvariantCulture, $"'{config.GetString(path, "")}' cannot be read: {exception.Message.TrimEnd('.')}")));
            return read(Reference, path);
        }
    }

    /// <summary>A misspelt key is an error here as it is in options.</summary>
    private static void RefuseUnknown(string section, Config config, IList<ZcrxConfigurationError> errors)
    {
        string[] known = [.. Keys(Reference, section)];
        foreach (string key in Keys(config, section).Except(known, StringComparer.Ordinal))
        {
            errors.Add(new ZcrxConfigurationError($"{section}.{key}", $"no such key; there are {string.Join(", ", known)}"));
        }
    }

    private static IEnumerable<string> Keys(Config config, string section) => config.GetConfig(section).AsEnumerable().Select(static pair => pair.Key).Distinct(StringComparer.Ordinal);

    private static Config Load()
    {
        using Stream stream = typeof(HoconDefaults).Assembly.GetManifestResourceStream("Zcrx.Actors.reference.conf")!;
        using StreamReader reader = new(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
