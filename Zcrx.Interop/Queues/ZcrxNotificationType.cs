using System.Text.Json.Serialization;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>Specifies the events of a queue that the kernel reports as notifications.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ZcrxNotificationType>))]
public enum ZcrxNotificationType
{
    /// <summary>
    /// The page pool of a NIC queue found no free buffer. In device-less mode, there is no such notification. A receive ends with −ENOMEM
    /// instead.
    /// </summary>
    NoBuffers = (int)LinuxIoUringZcrx.ZCRX_EVENT_ALLOC_FAIL,

    /// <summary>At least one fragment of a packet was copied.</summary>
    Copy = (int)LinuxIoUringZcrx.ZCRX_EVENT_COPY,
}
