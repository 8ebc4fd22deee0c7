using Zcrx.Rx;

namespace Ingest.Values;

/// <summary>Parses engines on the command line.</summary>
internal static class EngineText
{
    public static string? Read(string text, out ZcrxEngine value)
    {
        (value, bool known) = text switch
        {
            "auto" => (ZcrxEngine.Auto, true),
            "nic" => (ZcrxEngine.Nic, true),
            "device-less" => (ZcrxEngine.DeviceLess, true),
            "io_uring" => (ZcrxEngine.IoUring, true),
            "emulated" => (ZcrxEngine.Emulated, true),
            _ => (ZcrxEngine.Auto, false),
        };
        return known ? null : "auto, nic, device-less, io_uring or emulated";
    }
}
