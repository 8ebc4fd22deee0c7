using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;

namespace Zcrx.Interop.Capabilities;

/// <summary>Makes the three capability queries and combines the answers.</summary>
/// <remarks>
/// The queries are sent one by one. When a chain of queries fails in the middle, the kernel does not report which answers are valid. Three
/// calls cost little, because the capabilities are queried once per process.
/// </remarks>
internal static unsafe class CapabilityQuery
{
    /// <summary>The value that is passed instead of a ring's descriptor, because queries need no ring.</summary>
    private const int NoRing = -1;

    public static ZcrxCapabilities Run(IIoUringKernel kernel)
    {
        io_uring_query_opcode opcodes = default;
        int result = Ask(kernel, LinuxIoUringQuery.IO_URING_QUERY_OPCODES, &opcodes, (uint)sizeof(io_uring_query_opcode));
        if (result < 0)
        {
            CapabilityQueryState state = Classify(result);
            return new ZcrxCapabilities
            {
                Kernel = kernel.Description,
                State = state,
                QueryErrorNumber = -result,
                RequestOpcodes = state == CapabilityQueryState.QueryUnknown ? OpcodeProbe.Count(kernel) : null,
            };
        }

        var capabilities = new ZcrxCapabilities
        {
            Kernel = kernel.Description,
            State = CapabilityQueryState.Answered,
            RequestOpcodes = opcodes.nr_request_opcodes,
            RegisterOpcodes = opcodes.nr_register_opcodes,
            QueryOpcodes = opcodes.nr_query_opcodes,
            RingSetupFlags = opcodes.ring_setup_flags,
            RingFeatures = opcodes.feature_flags,
            EnterFlags = opcodes.enter_flags,
            SubmissionFlags = opcodes.sqe_flags,
        };

        io_uring_query_zcrx zcrx = default;
        result = Ask(kernel, LinuxIoUringQuery.IO_URING_QUERY_ZCRX, &zcrx, (uint)sizeof(io_uring_query_zcrx));
        if (result < 0)
        {
            CapabilityQueryState state = result == -Errno.EOPNOTSUPP ? CapabilityQueryState.ZcrxQueryUnknown : Classify(result);
            return capabilities with { State = state, QueryErrorNumber = -result };
        }

        capabilities = capabilities with
        {
            RegisterFlags = zcrx.register_flags,
            AreaFlags = zcrx.area_flags,
            ControlOperations = zcrx.nr_ctrl_opcodes,
            Features = zcrx.features,
            RefillHeaderSize = Bytes(zcrx.rq_hdr_size),
            RefillHeaderAlignment = Bytes(zcrx.rq_hdr_alignment),
        };

        // Kernels without notifications answer −EOPNOTSUPP. Any other failure is treated in the same way.
        io_uring_query_zcrx_event notifications = default;
        result = Ask(kernel, LinuxIoUringQuery.IO_URING_QUERY_ZCRX_EVENT, &notifications, (uint)sizeof(io_uring_query_zcrx_event));
        return result < 0
            ? capabilities
            : capabilities with
            {
                NotificationTypes = notifications.event_flags,
                StatisticsSize = Bytes(notifications.stats_size) ?? 0,
                StatisticsAlignment = Bytes(notifications.stats_off_alignment) ?? 0,
            };
    }

    /// <summary>Makes one query. Returns zero, or the negative errno of the call or of the answer.</summary>
    /// <remarks>An older kernel fills only the fields of the answer that it knows. The others stay zero.</remarks>
    private static int Ask(IIoUringKernel kernel, uint query, void* answer, uint size)
    {
        io_uring_query_hdr header = default;
        header.query_data = (ulong)answer;
        header.query_op = query;
        header.size = size;
        // nr_args must be 0. A result above 0 is the number of handled entries. The result field of the entry shows whether this query
        // failed.
        int result = kernel.Register(NoRing, LinuxIoUring.IORING_REGISTER_QUERY, &header, 0);
        return result < 0 ? -ErrnoText.Positive(result) : Math.Min(header.result, 0);
    }

    private static CapabilityQueryState Classify(int result) => -result switch
    {
        // Old kernels look up the ring before they check the opcode. A query passes no ring, so they answer EBADF.
        Errno.EINVAL or Errno.EOPNOTSUPP or Errno.EBADF => CapabilityQueryState.QueryUnknown,
        Errno.ENOSYS or Errno.EPERM or Errno.EACCES => CapabilityQueryState.Refused,
        _ => CapabilityQueryState.Failed,
    };

    /// <summary>
    /// Converts a size that the kernel reported. Returns null when the size is 0, which means "not reported", or too large for an int.
    /// </summary>
    private static int? Bytes(uint value) => value is 0 or > int.MaxValue ? null : (int)value;
}
