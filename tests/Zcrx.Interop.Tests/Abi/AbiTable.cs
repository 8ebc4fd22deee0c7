using System.Text.Json;

namespace Zcrx.Interop.Tests.Abi;

/// <summary>
/// Contains the sizes, offsets and constants of the kernel's ABI, from <c>zcrx-abi.json</c> and <c>netlink-abi.json</c>. C programs that
/// include the headers of Linux 7.3 have printed these files.
/// </summary>
internal sealed record AbiTable(IReadOnlyDictionary<string, AbiStruct> Structs, IReadOnlyDictionary<string, ulong> Constants)
{
    public static AbiTable Instance { get; } = Load();

    private static AbiTable Load()
    {
        var parts = new[] { Load("zcrx-abi.json"), Load("netlink-abi.json") };
        return new AbiTable(
            parts.SelectMany(part => part.Structs).ToDictionary(),
            parts.SelectMany(part => part.Constants).ToDictionary());
    }

    private static AbiTable Load(string name)
    {
        using var stream = typeof(AbiTable).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException("The table of the ABI is not embedded.");
        return JsonSerializer.Deserialize<AbiTable>(stream, JsonSerializerOptions.Web)
            ?? throw new InvalidOperationException("The table of the ABI is empty.");
    }
}

/// <summary>Represents the layout of one struct. All numbers are in bytes.</summary>
internal sealed record AbiStruct(int Size, int Align, IReadOnlyDictionary<string, int> Offsets);
