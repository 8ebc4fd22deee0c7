using Zcrx.Conformance.Support;
using static Zcrx.Conformance.Differential.OperationKind;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Differential;

/// <summary>Generates programs. The same seed and number give the same program.</summary>
internal static class ProgramGenerator
{
    public const int Rings = 3;
    public const int Queues = 4;
    public const int Connections = 4;
    public const int Exports = 2;

    // If WholePages is false, a program sends at most 30 pieces. Each piece has at most 5 pages of bytes and fills at most 7 buffers, so
    // the pool never runs out.
    private const int PlentyOfBuffers = 256;
    private const int MostSends = 30;

    // Over loopback, TCP cuts a send at 32741 bytes, half the receiver's first window. A longer piece would not arrive in whole pages.
    private const int MostPages = 7;

    private static readonly (OperationKind Kind, int Weight)[] Common =
    [
        (Send, 26), (ReceiveFrom, 16), (Connect, 4), (EndSending, 4), (Reset, 2), (EndReceiving, 1), (CloseReceiver, 2), (ReceiveInvalid, 3), (Cancel, 6),
        (Return, 8), (Flush, 8), (Arm, 6), (ControlInvalid, 2), (Export, 3), (CloseExport, 2), (Import, 4), (ImportInvalid, 1), (OpenRing, 3), (CloseRing, 2),
        (Register, 3), (RegisterInvalid, 2), (AddArea, 1),
    ];

    // These operations address single refill entries. Their results can be compared only if both kernels have filled the same buffers.
    private static readonly (OperationKind Kind, int Weight)[] WholePagesOnly = [(ReturnTwice, 4), (ReturnInvalid, 5), (CorruptTail, 2), (CorruptHead, 2)];

    public static DifferentialProgram Create(int seed, int number)
    {
        Random random = new(unchecked((seed * 1_000_003) + number));
        bool wholePages = random.Next(3) != 0;
        (OperationKind Kind, int Weight)[] kinds = wholePages ? [.. Common, .. WholePagesOnly] : Common;

        // A program starts with a connection that receives. Later operations may close it.
        List<Operation> operations =
        [
            new(OpenRing, 0, 0, CompletionEntries(random, wholePages)),
            new(Register, 0, 0, Buffers(random, wholePages)),
            new(Connect, 0),
            new(ReceiveFrom, 0, 0, Budget(random, wholePages)),
        ];
        int length = random.Next(6, 40);
        int sends = 0;
        while (operations.Count < length)
        {
            OperationKind kind = Pick(kinds, random);
            if (kind != Send || ++sends <= MostSends)
            {
                operations.AddRange(Lead(kind, random, wholePages));
                operations.Add(Create(kind, random, wholePages));
            }
        }

        return new DifferentialProgram($"{seed}:{number}", wholePages, operations);
    }

    public static OperationKind Pick((OperationKind Kind, int Weight)[] kinds, Random random)
    {
        int at = random.Next(kinds.Sum(kind => kind.Weight));
        foreach ((OperationKind kind, int weight) in kinds)
        {
            at -= weight;
            if (at < 0)
            {
                return kind;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(kinds));
    }

    /// <summary>Generates operations that often create what the operation needs, such as an export for an import.</summary>
    private static IEnumerable<Operation> Lead(OperationKind kind, Random random, bool wholePages)
    {
        int ring = random.Next(1, Rings);
        int export = random.Next(Exports);
        return kind switch
        {
            Import or ImportInvalid when random.Next(2) == 0 =>
                [new(OpenRing, ring, 0, CompletionEntries(random, wholePages)), new(Export, export, 0), new(Import, random.Next(1, Queues), ring, export)],
            // Two large pieces overflow a small completion ring or exhaust a small pool.
            Send when wholePages && random.Next(6) == 0 => [BurstPart(random), BurstPart(random)],
            Flush when wholePages && random.Next(4) == 0 => [new(ReturnInvalid, 0, 0, random.Next(8)), new(Return, 0, 0, random.Next(1, 40))],
            _ => [],
        };
    }

    private static Operation BurstPart(Random random) => new(Send, 0, 0, random.Next(4, MostPages + 1) * (int)TestMemory.Page) { IsJoined = true };

    private static Operation Create(OperationKind kind, Random random, bool wholePages)
    {
        int connection = Low(random, Connections);
        int queue = Low(random, Queues);
        int ring = Low(random, Rings);
        int export = Low(random, Exports);
        Operation operation = kind switch
        {
            OpenRing => new(kind, ring, 0, CompletionEntries(random, wholePages)),
            CloseRing => new(kind, ring),
            Register => new(kind, queue, ring, Buffers(random, wholePages)),
            RegisterInvalid => new(kind, ring, random.Next(1000), random.Next(1000)),
            Send => new(kind, connection, 0, wholePages ? random.Next(1, MostPages + 1) * (int)TestMemory.Page : SendLength(random)),
            ReceiveFrom => new(kind, connection, queue, Budget(random, wholePages)),
            ReceiveInvalid => new(kind, connection, queue, random.Next(256)),
            Cancel => new(kind, connection, queue, CancelFlags(random)),
            Return => new(kind, queue, 0, random.Next(3) == 0 ? random.Next(1, 5) : 1000),
            ReturnInvalid => new(kind, queue, 0, random.Next(8)),
            CorruptTail => new(kind, queue, 0, random.Next(1, 100_000)),
            Arm => new(kind, queue, 0, random.Next(4) == 0 ? random.Next(4) : 1),
            ControlInvalid => new(kind, queue, 0, random.Next(256)),
            Export => new(kind, export, queue),
            CloseExport => new(kind, export),
            Import => new(kind, queue, ring, export),
            ImportInvalid => new(kind, ring, export, random.Next(16)),
            AddArea => new(kind, queue, 0, random.Next(1, 5)),
            ReturnTwice or Flush or CorruptHead => new(kind, queue),
            _ => new(kind, connection),
        };
        return operation.IsSenders ? operation with { IsJoined = random.Next(3) == 0 } : operation;
    }

    /// <summary>Returns a slot number. Low numbers are more likely, so operations often meet on the same slots.</summary>
    public static int Low(Random random, int count) => random.Next(3) == 0 ? random.Next(count) : random.Next(2) * random.Next(2);

    private static int Buffers(Random random, bool wholePages) => wholePages ? random.Next(1, 20) : PlentyOfBuffers;

    /// <summary>
    /// Returns the number of completion entries. Only programs with whole pages get a small ring, because both kernels then overflow it at
    /// the same completion.
    /// </summary>
    private static int CompletionEntries(Random random, bool wholePages) => wholePages && random.Next(3) == 0 ? 8 : 256;

    private static int SendLength(Random random) => random.Next(3) switch
    {
        0 => random.Next(1, 20),
        1 => random.Next(1, 3000),
        _ => random.Next(1, 20_000),
    };

    private static int Budget(Random random, bool wholePages) => random.Next(3) != 0
        ? 0
        : wholePages ? random.Next(1, 6) * (int)TestMemory.Page : SendLength(random);

    public static int CancelFlags(Random random) => random.Next(6) switch
    {
        0 => (int)IORING_ASYNC_CANCEL_FD,
        1 => (int)(IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL),
        2 => (int)IORING_ASYNC_CANCEL_ANY,
        3 => (int)IORING_ASYNC_CANCEL_ALL,
        // Any of the low eight bits except bit 3. It selects registered files, which programs do not use.
        4 => random.Next(256) & ~8,
        _ => 0,
    };
}
