using System.Collections;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Options;

/// <summary>
/// Sets options from a configuration section with one key per property. Reports every unreadable value and every key without a property.
/// </summary>
/// <remarks>
/// The keys and the formats of the values follow from the names and types of the properties. A new option therefore needs no code here. ADR
/// 24 explains why <c>Microsoft.Extensions.Configuration.Binder</c> is not used.
/// </remarks>
internal sealed class OptionsReader(IList<ZcrxConfigurationError> errors)
{
    private static readonly HashSet<Type> Sections =
        [typeof(EmulatedKernelOptions), typeof(ZcrxHostedTakeoverOptions), typeof(ZcrxRebalancingOptions), typeof(ZcrxRestartOptions), typeof(ZcrxWatchdogOptions)];

    private static readonly Dictionary<Type, Func<string, (object? Value, string Error)>> Parsers = new()
    {
        [typeof(string)] = static text => (text, ""),
        [typeof(bool)] = static text => (bool.TryParse(text, out bool value) ? value : null, Not(text, "true or false")),
        [typeof(int)] = static text => (
            int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) ? value : null, Not(text, "a whole number")),
        // Every option of type long is an amount of memory.
        [typeof(long)] = static text => ByteSize.TryParse(text, out ByteSize size, out string? error) ? (size.Bytes, "") : (null, error),
        [typeof(double)] = static text => (
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : null, Not(text, "a number, such as 0.75")),
        [typeof(TimeSpan)] = static text => (
            TimeSpan.TryParseExact(text.Trim(), "c", CultureInfo.InvariantCulture, out TimeSpan value) && text.Contains(':', StringComparison.Ordinal) ? value : null,
            Not(text, "a time span, such as 00:00:01.500")),
        [typeof(EmulatedKernelProfile)] = static text => (
            EmulatedKernelProfile.All.FirstOrDefault(profile => profile.Name == text.Trim()),
            Not(text, $"a kernel that can be emulated: {string.Join(", ", EmulatedKernelProfile.All.Select(static profile => profile.Name))}")),
    };

    /// <summary>Reads the section <c>Zcrx</c>.</summary>
    public static void Read(IConfigurationSection section, ZcrxOptions options)
    {
        options.Path = section.Path;
        int earlier = options.Queues.Count;
        new OptionsReader(options.Unreadable).ReadSection(section, options);
        for (int i = earlier; i < options.Queues.Count; i++)
        {
            ZcrxQueueOptions queue = options.Queues[i];
            options.Queues[i] = queue with { Name = queue.Name ?? (queue.Interface is null ? $"zcrx-{i}" : $"{queue.Interface}-{queue.RxQueue}") };
        }
    }

    /// <summary>
    /// Returns the names of an enumeration as they are written in a configuration, such as <c>auto, nic, device-less or emulated</c>.
    /// </summary>
    public static string Names(Type type)
    {
        string[] names = [.. Enum.GetNames(type).Select(static name => string.Concat(name.Select(static (letter, index) =>
            char.IsUpper(letter) && index > 0 ? $"-{char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}")))];
        return $"{string.Join(", ", names[..^1])} or {names[^1]}";
    }

    private void ReadSection(IConfigurationSection section, object options)
    {
        PropertyInfo[] properties = [.. options.GetType().GetProperties().Where(IsConfigurable)];
        foreach (PropertyInfo property in properties)
        {
            IConfigurationSection entry = section.GetSection(property.Name);
            if (Sections.Contains(property.PropertyType))
            {
                Refuse(entry, "a section");
                ReadSection(entry, property.GetValue(options)!);
            }
            else if (IsList(property.PropertyType))
            {
                ReadItems(entry, (IList)property.GetValue(options)!, property.PropertyType.GetGenericArguments()[0]);
            }
            else
            {
                ReadValue(entry, property, options);
            }
        }

        foreach (IConfigurationSection child in section.GetChildren().Where(child => !properties.Any(property => property.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase))))
        {
            Add(child, $"no such option; there are {string.Join(", ", properties.Select(static property => property.Name))}");
        }
    }

    private void ReadItems(IConfigurationSection list, IList items, Type type)
    {
        Refuse(list, "a list");
        foreach (IConfigurationSection entry in list.GetChildren())
        {
            Refuse(entry, "a section");
            // If the configuration sets no name, the name stays null, and Read derives it from the interface or the position of the queue.
            object item = type == typeof(ZcrxQueueOptions) ? new ZcrxQueueOptions { Name = null! } : Activator.CreateInstance(type)!;
            ReadSection(entry, item);
            items.Add(item);
        }
    }

    private void ReadValue(IConfigurationSection entry, PropertyInfo property, object options)
    {
        if (entry.Value is not { } text)
        {
            if (entry.GetChildren().Any())
            {
                Add(entry, "expected one value, not a section");
            }

            return;
        }

        // These properties are amounts of memory although their type is int.
        bool isLength = property.Name is nameof(ZcrxQueueOptions.BufferLength) or nameof(ZcrxListenOptions.SendBufferSize);
        (object? value, string error) = property.PropertyType.IsEnum ? ParseName(text, property.PropertyType) : Parsers[isLength ? typeof(long) : property.PropertyType](text);
        if (value is null)
        {
            Add(entry, error);
            return;
        }

        property.SetValue(options, isLength ? (int)long.Min((long)value, int.MaxValue) : value);
    }

    /// <summary>
    /// Parses a name in any case, with or without dashes, such as <c>device-less</c>. Refuses a number, which
    /// <see cref="Enum.Parse(Type, string)"/> would accept.
    /// </summary>
    private static (object? Value, string Error) ParseName(string text, Type type)
    {
        string name = text.Trim().Replace("-", "", StringComparison.Ordinal);
        string? known = Enum.GetNames(type).FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        return known is null ? (null, Not(text, Names(type))) : (Enum.Parse(type, known), "");
    }

    /// <summary>Determines whether a configuration can contain a property. Delegates, clocks and devices are set only by code.</summary>
    private static bool IsConfigurable(PropertyInfo property) =>
        Sections.Contains(property.PropertyType) || IsList(property.PropertyType)
        || (property.SetMethod is { IsPublic: true } && (property.PropertyType.IsEnum || Parsers.ContainsKey(property.PropertyType)));

    private static bool IsList(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IList<>);

    private static string Not(string text, string expected) => $"'{text}' is not {expected}";

    private void Refuse(IConfigurationSection entry, string expected)
    {
        if (!string.IsNullOrEmpty(entry.Value))
        {
            Add(entry, $"expected {expected}, not '{entry.Value}'");
        }
    }

    private void Add(IConfigurationSection entry, string message) => errors.Add(new ZcrxConfigurationError(entry.Path, message));
}
