namespace Zcrx.Rx;

/// <summary>Sizes as they are spoken: <c>64.MiB()</c>.</summary>
public static class ByteSizeExtensions
{
    /// <summary>So many KiB (1024 bytes).</summary>
    /// <param name="count">How many; not negative.</param>
    /// <returns>The size.</returns>
    public static ByteSize KiB(this int count) => new((long)count << 10);

    /// <summary>So many MiB (1024 KiB).</summary>
    /// <param name="count">How many; not negative.</param>
    /// <returns>The size.</returns>
    public static ByteSize MiB(this int count) => new((long)count << 20);

    /// <summary>So many GiB (1024 MiB).</summary>
    /// <param name="count">How many; not negative.</param>
    /// <returns>The size.</returns>
    public static ByteSize GiB(this int count) => new((long)count << 30);
}
