using Akka.Actor;
using Akka.Configuration;
using Zcrx.Interop;

namespace Zcrx.Actors.Options;

/// <summary>
/// Contains the section <c>zcrx</c> of the configuration of an actor system. The embedded reference.conf supplies missing values.
/// </summary>
internal sealed record HoconDefaults(string ActorName, string Dispatcher)
{
    private const string Section = "zcrx";

    private static readonly Config Reference = Load();

    /// <summary>Gets the values of the embedded reference.conf, which apply without an actor system.</summary>
    public static HoconDefaults BuiltIn { get; } = Read(Reference);

    /// <summary>Reads the values of an actor system.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="errors">Receives every unknown key, by its path.</param>
    public static HoconDefaults Of(ActorSystem system, IList<ZcrxConfigurationError> errors)
    {
        Config configured = system.Settings.Config;
        if (!configured.HasPath(Section))
        {
            return BuiltIn;
        }

        if (!configured.GetValue(Section).IsObject())
        {
            errors.Add(new ZcrxConfigurationError(Section, "expected a section with actor-name and dispatcher"));
            return BuiltIn;
        }

        string[] known = [.. Keys(Reference)];
        foreach (string key in Keys(configured).Except(known, StringComparer.Ordinal))
        {
            errors.Add(new ZcrxConfigurationError($"{Section}.{key}", $"no such key; there are {string.Join(", ", known)}. Everything else is set in ZcrxOptions"));
        }

        Config config = configured.WithFallback(Reference);
        foreach (string path in known.Select(static key => $"{Section}.{key}").Where(path => !config.GetValue(path).IsString()))
        {
            errors.Add(new ZcrxConfigurationError(path, "expected a text"));
            return BuiltIn;
        }

        return Read(config);
    }

    private static HoconDefaults Read(Config config) => new(config.GetString($"{Section}.actor-name", ""), config.GetString($"{Section}.dispatcher", ""));

    private static IEnumerable<string> Keys(Config config) => config.GetConfig(Section).AsEnumerable().Select(static pair => pair.Key).Distinct(StringComparer.Ordinal);

    private static Config Load()
    {
        using Stream stream = typeof(HoconDefaults).Assembly.GetManifestResourceStream("Zcrx.Actors.reference.conf")!;
        using StreamReader reader = new(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
