using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Tests.Ring;

public class UserDataTests
{
    [Fact]
    public void Encoded_user_data_is_decoded() => Prop
        .ForAll(
            (from kind in Gen.Elements(Enum.GetValues<RequestKind>())
             from generation in Gen.Choose(0, (int)UserData.GenerationMask)
             from slot in Gen.OneOf(Gen.Choose(0, 100_000), Gen.Elements(0, 1, int.MaxValue - 1, int.MaxValue))
             select new UserData(kind, (uint)generation, slot)).ToArbitrary(),
            static data => Assert.Equal(data, UserData.Decode(data.Encode())))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    [Fact]
    public void Any_number_is_decoded_and_encoded_to_the_same_number() => Prop
        .ForAll(
            ArbMap.Default.GeneratorFor<ulong>().ToArbitrary(),
            static value => Assert.Equal(value, UserData.Decode(value).Encode()))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    [Fact]
    public void A_generation_never_spills_into_the_kind() =>
        Assert.Equal(RequestKind.Wake, UserData.Decode(new UserData(RequestKind.Wake, uint.MaxValue, -1).Encode()).Kind);
}
