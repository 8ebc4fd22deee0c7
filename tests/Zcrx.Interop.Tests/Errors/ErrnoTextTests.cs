using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;
using Zcrx.Interop.Tests.Abi;

namespace Zcrx.Interop.Tests.Errors;

public class ErrnoTextTests
{
    [Fact]
    public void Every_error_number_has_its_own_name_and_description()
    {
        Assert.All(AbiTypes.Errors, error =>
        {
            Assert.Equal(error.Key, ErrnoText.Name(error.Value));
            Assert.Equal(error.Key, ErrnoText.Name(-error.Value));
            Assert.Matches("^[a-zA-Z]", ErrnoText.Describe(error.Value));
            Assert.False(ErrnoText.Describe(error.Value).EndsWith('.'));
        });
        var descriptions = AbiTypes.Errors.Values.Select(ErrnoText.Describe).ToList();
        Assert.Equal(descriptions.Count, descriptions.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Positive_of_a_negative_result_or_of_an_errno_is_the_errno() =>
        Assert.Equal((Errno.EINVAL, Errno.EINVAL, 0), (ErrnoText.Positive(-Errno.EINVAL), ErrnoText.Positive(Errno.EINVAL), ErrnoText.Positive(0)));

    [Fact]
    public void Any_number_has_a_name_and_a_description() => Prop
        .ForAll(Generators.AnyErrno.ToArbitrary(), errno =>
            ErrnoText.Positive(errno) >= 0 && ErrnoText.Name(errno).Length > 0 && ErrnoText.Describe(errno).Length > 0)
        .QuickCheckThrowOnFailure();
}
