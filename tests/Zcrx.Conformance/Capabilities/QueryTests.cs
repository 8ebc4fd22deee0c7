using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringQuery;

namespace Zcrx.Conformance.Capabilities;

/// <summary>Tests the query call itself: invalid queries, and answers that are larger than the caller's memory.</summary>
public unsafe class QueryTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Unknown_query_is_answered_with_EOPNOTSUPP(string name)
    {
        KernelUnderTest kernel = Open(name);
        byte* answer = stackalloc byte[64];
        io_uring_query_hdr header = new() { query_op = 999, query_data = (ulong)answer, size = 64 };
        Results.Equal(0, Ask(kernel, &header));
        Results.Equal(-EOPNOTSUPP, header.result);
        Assert.Equal(0u, header.size);
    }

    [SkippableTheory, Kernels]
    public void Answer_is_truncated_to_the_size_of_the_callers_memory(string name)
    {
        KernelUnderTest kernel = Open(name);
        byte* answer = stackalloc byte[16];
        new Span<byte>(answer, 16).Fill(0xee);
        io_uring_query_hdr header = new() { query_op = IO_URING_QUERY_OPCODES, query_data = (ulong)answer, size = 8 };
        Results.Equal(0, Ask(kernel, &header));
        Results.Equal(0, header.result);
        Assert.Equal(8u, header.size);
        Assert.NotEqual(0u, *(uint*)answer);
        Assert.Equal(0xee, answer[8]);
    }

    [SkippableTheory, Kernels]
    public void Answer_to_a_query_contains_its_size(string name)
    {
        KernelUnderTest kernel = Open(name);
        byte* answer = stackalloc byte[512];
        io_uring_query_hdr header = new() { query_op = IO_URING_QUERY_OPCODES, query_data = (ulong)answer, size = 512 };
        Results.Equal(0, Ask(kernel, &header));
        Results.Equal(0, header.result);
        Assert.InRange(header.size, 40u, 48u);
    }

    [SkippableTheory, Kernels]
    public void Queries_in_a_chain_have_their_own_results(string name)
    {
        KernelUnderTest kernel = Open(name);
        byte* answer = stackalloc byte[64];
        io_uring_query_hdr last = new() { query_op = IO_URING_QUERY_OPCODES, query_data = (ulong)answer, size = 48 };
        io_uring_query_hdr middle = new() { query_op = 999, query_data = (ulong)answer, size = 48, next_entry = (ulong)&last };
        io_uring_query_hdr first = new() { query_op = IO_URING_QUERY_OPCODES, query_data = (ulong)answer, size = 0, next_entry = (ulong)&middle };
        Results.Equal(0, Ask(kernel, &first));
        Assert.Equal([-EINVAL, -EOPNOTSUPP, 0], new[] { first.result, middle.result, last.result });
    }

    [SkippableTheory, Kernels]
    public void An_answer_that_cannot_be_written_ends_the_whole_call(string name)
    {
        KernelUnderTest kernel = Open(name);
        byte* answer = stackalloc byte[64];
        io_uring_query_hdr last = new() { query_op = IO_URING_QUERY_OPCODES, query_data = (ulong)answer, size = 48 };
        io_uring_query_hdr first = new() { query_op = IO_URING_QUERY_OPCODES, query_data = 0, size = 48, next_entry = (ulong)&last };
        Results.Equal(-EFAULT, Ask(kernel, &first));
        Assert.Equal((0, 48u), (first.result, first.size));
        Assert.Equal(48u, last.size);
    }

    [SkippableTheory, Kernels]
    public void Reserved_words_and_results_must_be_zero(string name)
    {
        KernelUnderTest kernel = Open(name);
        byte* answer = stackalloc byte[64];
        io_uring_query_hdr reserved = new() { query_op = IO_URING_QUERY_OPCODES, query_data = (ulong)answer, size = 48 };
        reserved.__resv[2] = 1;
        io_uring_query_hdr result = new() { query_op = IO_URING_QUERY_OPCODES, query_data = (ulong)answer, size = 48, result = 1, next_entry = (ulong)&reserved };
        io_uring_query_hdr empty = new() { query_op = IO_URING_QUERY_OPCODES, query_data = (ulong)answer, size = 0, next_entry = (ulong)&result };
        Results.Equal(0, Ask(kernel, &empty));
        Assert.Equal([-EINVAL, -EINVAL, -EINVAL], new[] { empty.result, result.result, reserved.result });
    }

    [SkippableTheory, Kernels]
    public void Query_chain_without_an_end_is_refused(string name)
    {
        KernelUnderTest kernel = Open(name);
        byte* answer = stackalloc byte[64];
        io_uring_query_hdr header = new() { query_op = IO_URING_QUERY_OPCODES, query_data = (ulong)answer, size = 48 };
        header.next_entry = (ulong)&header;
        // The kernel replaces the size in the header by that of its answer, so every further query is valid. Only the limit on the length
        // of the chain ends the call.
        Assert.True(Ask(kernel, &header) is -ERANGE or -EFAULT);
    }

    [SkippableTheory, Kernels]
    public void Query_with_an_argument_count_or_an_unusable_header_is_refused(string name)
    {
        KernelUnderTest kernel = Open(name);
        byte* answer = stackalloc byte[64];
        io_uring_query_hdr header = new() { query_op = IO_URING_QUERY_OPCODES, query_data = (ulong)answer, size = 48 };
        Results.Equal(-EINVAL, kernel.Kernel.Register(-1, IORING_REGISTER_QUERY, &header, 1));
        using var memory = new TestMemory(TestMemory.Page);
        Results.Equal(-EFAULT, kernel.Kernel.Register(-1, IORING_REGISTER_QUERY, (byte*)memory.Address - 64, 0));
        *(io_uring_query_hdr*)memory.Address = header;
        memory.MakeReadOnly();
        Results.Equal(-EFAULT, kernel.Kernel.Register(-1, IORING_REGISTER_QUERY, (byte*)memory.Address, 0));
    }

    [SkippableTheory, Kernels]
    public void Query_on_a_ring_is_answered(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var ring = new TestRing(kernel.Kernel);
        byte* answer = stackalloc byte[64];
        io_uring_query_hdr header = new() { query_op = IO_URING_QUERY_OPCODES, query_data = (ulong)answer, size = 48 };
        Results.Equal(0, ring.Register(IORING_REGISTER_QUERY, &header, 0));
        Results.Equal(0, header.result);
    }

    private static KernelUnderTest Open(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        Skip.IfNot(kernel.Capabilities.AnswersQueries, $"{kernel.Capabilities.Kernel} answers no capability queries, which came with 6.18");
        return kernel;
    }

    private static int Ask(KernelUnderTest kernel, io_uring_query_hdr* header) => kernel.Kernel.Register(-1, IORING_REGISTER_QUERY, header, 0);
}
