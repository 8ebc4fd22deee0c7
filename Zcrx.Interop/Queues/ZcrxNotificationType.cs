using System.Text.Json.Serialization;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>Specifies the events of a queue that the kernel reports as notifications.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ZcrxNotificationType>))]
public enum ZcrxNotificationType
{
    /// <summary>
    /// The page pool of a NIC queue found no free buffer. Never fires in device-less mode: a receive ends with −ENOMEM instead.
    /// </summary>
    NoBuffers = (int)LinuxIoUringZcrx.ZCRX_EVENT_ALLOC_FAIL,

    /// <summary>At least one fragment was copied.</summary>
    Copy = (int)LinuxIoUringZcrx.ZCRX_EVENT_COPY,
}
