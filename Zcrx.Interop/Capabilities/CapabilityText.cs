using System.Globalization;
using System.Text;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;

namespace Zcrx.Interop.Capabilities;

/// <summary>Describes capabilities in words. Pure.</summary>
internal static class CapabilityText
{
    private static readonly ZcrxFeature[] All = Enum.GetValues<ZcrxFeature>();

    public static string? WhyNot(ZcrxCapabilities capabilities, ZcrxFeature feature) =>
        CapabilitySupport.Of(capabilities, feature) != ZcrxSupport.No
            ? null
            : $"{Needs(feature)}: {Reason(capabilities, feature)}";

    /// <summary>Returns the part of the kernel's answers that shows that the feature is missing.</summary>
    private static string Reason(ZcrxCapabilities capabilities, ZcrxFeature feature) => capabilities.State switch
    {
        CapabilityQueryState.Refused =>
            $"io_uring is missing or forbidden here (the capability query returns {ErrnoText.Name(capabilities.QueryErrorNumber)})",
        CapabilityQueryState.QueryUnknown when feature is ZcrxFeature.NicQueue or ZcrxFeature.DmaBufArea =>
            $"{capabilities.Kernel} has no opcode for zero-copy receive (it has {capabilities.RequestOpcodes} opcodes)",
        CapabilityQueryState.QueryUnknown =>
            $"{capabilities.Kernel} answers no capability queries, which came with 6.18",
        CapabilityQueryState.ZcrxQueryUnknown =>
            $"{capabilities.Kernel} does not answer the zcrx query, which came with 6.19",
        CapabilityQueryState.Failed =>
            $"the capability query failed with {ErrnoText.Name(capabilities.QueryErrorNumber)}",
        _ => "the kernel's zcrx answers " + Answer(capabilities, feature),
    };

    private static string Answer(ZcrxCapabilities capabilities, ZcrxFeature feature) => feature switch
    {
        ZcrxFeature.DeviceLess or ZcrxFeature.Import => "register flags " + Only(RegisterFlags(capabilities.RegisterFlags)),
        ZcrxFeature.DmaBufArea => "area flags " + Only(AreaFlags(capabilities.AreaFlags)),
        ZcrxFeature.RxBufferLength => "features " + Only(Features(capabilities.Features)),
        ZcrxFeature.Notifications when capabilities.Notifications => Operations(capabilities.ControlOperations),
        ZcrxFeature.Notifications when capabilities.EventFeature => "no notification type",
        ZcrxFeature.Statistics when capabilities.EventFeature => "no size of the statistics",
        ZcrxFeature.Notifications or ZcrxFeature.Statistics => "features " + Only(Features(capabilities.Features)),
        _ => Operations(capabilities.ControlOperations),
    };

    public static string Needs(ZcrxFeature feature) => feature switch
    {
        ZcrxFeature.NicQueue => "a NIC queue needs Linux 6.15 or newer",
        ZcrxFeature.DeviceLess => "device-less mode needs Linux 7.1 or newer",
        ZcrxFeature.RxBufferLength => "a buffer length other than a page needs Linux 7.0 or newer",
        ZcrxFeature.DmaBufArea => "an area of device memory needs Linux 6.16 or newer",
        ZcrxFeature.Notifications => "notifications need Linux 7.2 or newer",
        ZcrxFeature.Statistics => "copy statistics need Linux 7.2 or newer",
        ZcrxFeature.Flush => "flushing the refill ring needs Linux 6.19 or newer",
        ZcrxFeature.Export => "exporting a queue needs Linux 6.19 or newer",
        ZcrxFeature.Import => "importing a queue needs Linux 6.19 or newer",
        ZcrxFeature.AddArea => "adding an area needs Linux 7.3 or newer",
        _ => "this library does not know the feature " + feature.ToString(),
    };

    public static string Line(ZcrxCapabilities capabilities)
    {
        string has = string.Join(", ", All.Where(feature => capabilities.Support(feature) == ZcrxSupport.Yes));
        string unknown = string.Join(", ", All.Where(feature => capabilities.Support(feature) == ZcrxSupport.Unknown));
        string line = has.Length > 0 ? has : "no zero-copy receive found";
        return unknown.Length > 0 ? $"{capabilities.Kernel}: {line} (unknown: {unknown})" : $"{capabilities.Kernel}: {line}";
    }

    public static string Describe(ZcrxCapabilities capabilities)
    {
        var text = new StringBuilder();
        void Fact(string name, FormattableString value) =>
            text.Append('\n').Append(name).Append(": ").Append(value.ToString(CultureInfo.InvariantCulture));

        text.Append(capabilities.Kernel);
        Fact("queries", $"{State(capabilities)}");
        if (capabilities.AnswersZcrxQuery)
        {
            Fact("register flags", $"{RegisterFlags(capabilities.RegisterFlags)}");
            Fact("area flags", $"{AreaFlags(capabilities.AreaFlags)}");
            Fact("features", $"{Features(capabilities.Features)}");
            Fact("control operations", $"{capabilities.ControlOperations}");
            Fact("refill ring header", $"{Or(capabilities.RefillHeaderSize)}, aligned to {Or(capabilities.RefillHeaderAlignment)}");
            Fact("notification types", $"0x{capabilities.NotificationTypes:x}");
            Fact("statistics", $"{capabilities.StatisticsSize} bytes, aligned to {capabilities.StatisticsAlignment}");
        }

        if (capabilities.AnswersQueries)
        {
            Fact("opcodes", $"{capabilities.RequestOpcodes} requests, {capabilities.RegisterOpcodes} registrations, {capabilities.QueryOpcodes} queries");
            Fact("ring setup flags", $"0x{capabilities.RingSetupFlags:x}");
        }

        foreach (var feature in All)
        {
            var support = capabilities.Support(feature);
            string answer = support switch
            {
                ZcrxSupport.Yes => "yes",
                ZcrxSupport.Unknown => "unknown, only an attempt can tell",
                // If the zcrx query was not answered, all features have the same reason. It is printed once, above the features.
                _ => "no, " + (capabilities.AnswersZcrxQuery ? capabilities.WhyNot(feature) : Needs(feature)),
            };
            Fact(feature.ToString(), $"{answer}");
        }

        return text.ToString();
    }

    private static string State(ZcrxCapabilities capabilities) => capabilities.State switch
    {
        CapabilityQueryState.Answered => "answered",
        CapabilityQueryState.ZcrxQueryUnknown => "answered, but not the one about zcrx " + InBrackets(capabilities),
        CapabilityQueryState.QueryUnknown => "unknown to this kernel " + InBrackets(capabilities),
        CapabilityQueryState.Refused => "refused " + InBrackets(capabilities),
        _ => "failed " + InBrackets(capabilities),
    };

    private static string InBrackets(ZcrxCapabilities capabilities) =>
        $"({ErrnoText.Name(capabilities.QueryErrorNumber)}, {ErrnoText.Describe(capabilities.QueryErrorNumber)})";

    private static string Or(int? bytes) => bytes is { } known ? FormattableString.Invariant($"{known} bytes") : "a page, by assumption";

    private static string Only(string flags) => flags == "none" ? flags : flags + " only";

    private static string Operations(uint count) => FormattableString.Invariant($"{count} control operations");

    private static string RegisterFlags(ulong flags) => Names(
        flags, ("IMPORT", LinuxIoUringZcrx.ZCRX_REG_IMPORT), ("NODEV", LinuxIoUringZcrx.ZCRX_REG_NODEV));

    private static string AreaFlags(ulong flags) => Names(flags, ("DMABUF", LinuxIoUringZcrx.IORING_ZCRX_AREA_DMABUF));

    private static string Features(ulong flags) => Names(
        flags, ("RX_PAGE_SIZE", LinuxIoUringZcrx.ZCRX_FEATURE_RX_PAGE_SIZE), ("EVENT", LinuxIoUringZcrx.ZCRX_FEATURE_EVENT));

    /// <summary>Returns the names of the bits that are set. Bits without a name follow as a number.</summary>
    private static string Names(ulong flags, params ReadOnlySpan<(string Name, ulong Bit)> names)
    {
        var parts = new List<string>();
        foreach (var (name, bit) in names)
        {
            if ((flags & bit) != 0)
            {
                parts.Add(name);
                flags &= ~bit;
            }
        }

        if (flags != 0)
        {
            parts.Add(FormattableString.Invariant($"0x{flags:x}"));
        }

        return parts.Count == 0 ? "none" : string.Join(", ", parts);
    }
}
