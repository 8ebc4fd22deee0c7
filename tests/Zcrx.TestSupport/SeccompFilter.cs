using System.Runtime.InteropServices;

namespace Zcrx.TestSupport;

/// <summary>
/// Forbids io_uring on the calling thread, as container runtimes do. Threads and processes that this thread starts are affected, too. The
/// filter cannot be removed, so <see cref="OtherThread"/> should run the code.
/// </summary>
internal static unsafe partial class SeccompFilter
{
    private const int SetNoNewPrivileges = 38;
    private const int SetSeccomp = 22;
    private const ulong ModeFilter = 2;

    private const ushort LoadWord = 0x20;
    private const ushort JumpIfGreaterOrEqual = 0x35;
    private const ushort JumpIfGreater = 0x25;
    private const ushort Return = 0x06;
    private const uint Allow = 0x7fff0000;
    private const uint Fail = 0x00050000;
    private const uint FirstNumber = 425;
    private const uint LastNumber = 427;

    /// <summary>Makes the three system calls of io_uring fail on this thread.</summary>
    /// <param name="errno">The errno with which the system calls fail.</param>
    /// <returns>False if no filter can be installed.</returns>
    public static bool RefuseIoUring(int errno)
    {
        Instruction* program = stackalloc Instruction[]
        {
            new(LoadWord, 0, 0, 0),
            new(JumpIfGreaterOrEqual, 0, 2, FirstNumber),
            new(JumpIfGreater, 1, 0, LastNumber),
            new(Return, 0, 0, Fail | (uint)errno),
            new(Return, 0, 0, Allow),
        };
        Program description = new() { Length = 5, Instructions = program };
        return prctl(SetNoNewPrivileges, 1, 0, 0, 0) == 0 && prctl(SetSeccomp, ModeFilter, (ulong)&description, 0, 0) == 0;
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int prctl(int option, ulong a, ulong b, ulong c, ulong d);

    /// <summary>Represents <c>struct sock_filter</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);

    /// <summary>Represents <c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Length;
        public Instruction* Instructions;
    }
}
