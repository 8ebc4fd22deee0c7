using System.Runtime.InteropServices;

namespace Zcrx.Interop.Tests.Abi;

/// <summary>Tests that the error numbers agree with the C library of this process.</summary>
public partial class ErrnoTests
{
    public static TheoryData<string> Names => [.. AbiTypes.Errors.Keys];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Error_number_has_its_name_in_the_C_library(string name)
    {
        string? known = null;
        bool available = true;
        try
        {
            known = Marshal.PtrToStringUTF8(NameOf(AbiTypes.Errors[name]));
        }
        catch (EntryPointNotFoundException)
        {
            available = false;
        }

        Skip.IfNot(available, "This C library has no strerrorname_np (glibc has it since 2.32).");
        Assert.Equal(name, known);
    }

    [LibraryImport("libc", EntryPoint = "strerrorname_np")]
    private static partial nint NameOf(int errno);
}
