using static Zcrx.Conformance.Differential.OperationKind;

namespace Zcrx.Conformance.Differential;

/// <summary>Generates programs for an interface. The same seed and number give the same program.</summary>
/// <remarks>
/// <para>Pieces have any size, because it is unspecified how a stream is cut into packets. Most programs never run out of buffers. The
/// others do so on purpose, and must avoid two things:</para>
/// <para>They copy nothing, because the kernel cannot copy into buffers that a page pool has taken. They leave the link up, because the
/// kernel returns the buffers of a failed link up to a second late.</para>
/// </remarks>
internal static class NicProgramGenerator
{
    private const int MostSends = 30;

    private const int CompletionEntries = 1024;

    // A piece that is not received must fit into the socket buffer, together with the kernel's overhead for its packets.
    private const int LongestPiece = 8000;

    // More buffers than a program of this generator can fill.
    private const int PlentyOfBuffers = 2048;

    /// <summary>The number of buffers in programs that run out of buffers. Only the operation Exhaust fills all of them.</summary>
    private const int FewBuffers = 512;

    private static readonly (OperationKind Kind, int Weight)[] Common =
    [
        (Send, 26), (ReceiveFrom, 18), (Connect, 4), (Steer, 16), (EndSending, 3), (Reset, 1), (EndReceiving, 1), (CloseReceiver, 2), (Cancel, 5),
        (Return, 8), (Flush, 5), (Arm, 6), (Export, 2), (CloseExport, 1), (Import, 3), (OpenRing, 2), (CloseRing, 2), (Register, 4), (AddArea, 1),
    ];

    public static DifferentialProgram Create(int seed, int number)
    {
        Random random = new(unchecked((seed * 1_000_033) + number));
        bool runsOut = random.Next(6) == 0;
        (OperationKind Kind, int Weight)[] kinds = runsOut ? [.. Common, (Exhaust, 6)] : [.. Common, (LinkDown, 1)];
        int buffers = runsOut ? FewBuffers : PlentyOfBuffers;
        List<Operation> operations =
        [
            new(OpenRing, 0, 0, CompletionEntries), new(OpenRing, 1, 0, CompletionEntries),
            new(Register, 0, 0, buffers), new(Register, 1, 1, buffers),
            new(Connect, 0), new(ReceiveFrom, 0, 0, Budget(random)),
        ];
        int length = random.Next(12, 40);
        int sends = 0;
        while (operations.Count < length)
        {
            OperationKind kind = ProgramGenerator.Pick(kinds, random);
            if (kind == Send && ++sends > MostSends)
            {
                continue;
            }

            if (kind is Import or CloseExport)
            {
                // An import and a close need an export. The added operations create one first.
                int export = random.Next(ProgramGenerator.Exports);
                operations.AddRange([new(Export, export, random.Next(2)), new(OpenRing, 2, 0, CompletionEntries), new(Import, random.Next(2, ProgramGenerator.Queues), 2, export)]);
            }

            operations.Add(Create(kind, random, buffers, runsOut));
            if (kind == LinkDown)
            {
                operations.AddRange(Enumerable.Range(0, random.Next(1, 4)).Select(_ => Create(random.Next(2) == 0 ? Send : Steer, random, buffers, runsOut)));
                operations.Add(new(LinkUp));
            }
        }

        return new DifferentialProgram($"{seed}:{number}", WholePages: false, operations) { IsForNic = true };
    }

    private static Operation Create(OperationKind kind, Random random, int buffers, bool runsOut)
    {
        int connection = ProgramGenerator.Low(random, ProgramGenerator.Connections);
        int queue = ProgramGenerator.Low(random, ProgramGenerator.Queues);
        int ring = ProgramGenerator.Low(random, ProgramGenerator.Rings);
        int export = ProgramGenerator.Low(random, ProgramGenerator.Exports);
        Operation operation = kind switch
        {
            OpenRing => new(kind, ring, 0, CompletionEntries),
            CloseRing => new(kind, ring),
            Register => new(kind, queue, ring, buffers),
            Send => new(kind, connection, 0, Length(random)),
            Steer => new(kind, connection, 0, random.Next(runsOut ? NicSlots.Destinations - 1 : NicSlots.Destinations)),
            ReceiveFrom => new(kind, connection, queue, Budget(random)),
            Cancel => new(kind, connection, queue, ProgramGenerator.CancelFlags(random)),
            Return => new(kind, queue, 0, random.Next(3) == 0 ? random.Next(1, 5) : 10_000),
            Arm => new(kind, queue, 0, random.Next(3)),
            Export => new(kind, export, queue),
            CloseExport => new(kind, export),
            Import => new(kind, queue, ring, export),
            AddArea => new(kind, queue, 0, random.Next(1, 5)),
            Flush => new(kind, queue),
            LinkDown => new(kind),
            _ => new(kind, connection),
        };
        return operation.IsSenders ? operation with { IsJoined = random.Next(3) == 0 } : operation;
    }

    private static int Length(Random random) => random.Next(3) switch
    {
        0 => random.Next(1, 20),
        1 => random.Next(1, 3000),
        _ => random.Next(1, LongestPiece),
    };

    private static int Budget(Random random) => random.Next(4) != 0 ? 0 : Length(random);
}
