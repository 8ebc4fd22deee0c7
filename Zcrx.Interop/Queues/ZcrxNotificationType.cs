using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>What the kernel can tell about a queue, unasked.</summary>
public enum ZcrxNotificationType
{
    /// <summary>The page pool of a NIC queue found no free buffer. Never fires device-less, where a receive ends with −ENOMEM instead.</summary>
    NoBuffers = (int)LinuxIoUringZcrx.ZCRX_EVENT_ALLOC_FAIL,

    /// <summary>At least one fragment had to be copied.</summary>
    Copy = (int)LinuxIoUringZcrx.ZCRX_EVENT_COPY,
}
