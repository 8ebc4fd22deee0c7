using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Multishot;

namespace Zcrx.Interop.Tests.Multishot;

public class ReceiveMethodTests
{
    private static readonly Gen<int[]> Turns = Gen.Frequency(
        (2, Gen.Choose(0, ReceiveMethod.FewBuffers)),
        (1, Gen.Choose(ReceiveMethod.FewBuffers + 1, ReceiveMethod.ManyBuffers - 1)),
        (2, Gen.Choose(ReceiveMethod.ManyBuffers, 1024))).ArrayOf(60);

    [Fact]
    public void Method_changes_only_after_successive_turns_that_favor_the_other() => Prop
        .ForAll(Turns.ToArbitrary(), static turns => Run(turns))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Method_of_a_new_connection_is_a_multishot_receive() => Assert.False(default(ReceiveMethod).IsRead);

    [Fact]
    public void Method_of_a_busy_connection_is_read_and_of_a_quiet_one_multishot_again()
    {
        ReceiveMethod method = default;
        for (int i = 0; i < ReceiveMethod.Turns; i++)
        {
            method = method.Next(ReceiveMethod.ManyBuffers);
        }

        Assert.True(method.IsRead);
        for (int i = 0; i < ReceiveMethod.Turns; i++)
        {
            method = method.Next(ReceiveMethod.FewBuffers);
        }

        Assert.False(method.IsRead);
    }

    [Fact]
    public void Turns_of_medium_size_keep_either_method() => Prop
        .ForAll(
            Gen.Choose(ReceiveMethod.FewBuffers + 1, ReceiveMethod.ManyBuffers - 1).ArrayOf().ToArbitrary(),
            ArbMap.Default.ArbFor<bool>(),
            static (turns, isRead) => Assert.Equal(isRead, turns.Aggregate(new ReceiveMethod(isRead, 0), static (method, buffers) => method.Next(buffers)).IsRead))
        .Check(Config.QuickThrowOnFailure);

    /// <summary>
    /// Compares the method with its definition: it changes when all of the latest turns were busy, or all were quiet. Turns before the
    /// previous change do not count.
    /// </summary>
    private static void Run(int[] turns)
    {
        ReceiveMethod method = default;
        bool isRead = false;
        int since = 0;
        for (int i = 0; i < turns.Length; i++)
        {
            method = method.Next(turns[i]);
            int[] latest = turns[since..(i + 1)];
            bool expectsRead = isRead;
            if (latest.Length >= ReceiveMethod.Turns &&
                latest[^ReceiveMethod.Turns..].All(buffers => isRead ? buffers <= ReceiveMethod.FewBuffers : buffers >= ReceiveMethod.ManyBuffers))
            {
                expectsRead = !isRead;
                since = i + 1;
            }

            Assert.Equal(expectsRead, method.IsRead);
            isRead = expectsRead;
        }
    }
}
