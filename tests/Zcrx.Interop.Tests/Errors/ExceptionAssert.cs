using Zcrx.Interop.Errors;

namespace Zcrx.Interop.Tests.Errors;

/// <summary>Asserts what all exceptions of the library have in common.</summary>
internal static class ExceptionAssert
{
    public static void IsReadable(ZcrxException exception, int errno)
    {
        Assert.Equal(ErrnoText.Positive(errno), exception.ErrorNumber);
        Assert.StartsWith(exception.Operation + " failed", exception.Message, StringComparison.Ordinal);
        if (errno != 0)
        {
            Assert.Contains(ErrnoText.Name(errno), exception.Message, StringComparison.Ordinal);
        }

        Assert.NotEmpty(exception.Cause);
        Assert.EndsWith(".", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("..", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("  ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
        Assert.InRange(exception.Message.Length, 20, 600);
    }

    /// <summary>Asserts the type and the errno of an exception, and that its message contains some words.</summary>
    public static T Is<T>(ZcrxException exception, int errno, params string[] words)
        where T : ZcrxException
    {
        IsReadable(exception, errno);
        Assert.All(words, word => Assert.Contains(word, exception.Message, StringComparison.Ordinal));
        return Assert.IsType<T>(exception);
    }
}
