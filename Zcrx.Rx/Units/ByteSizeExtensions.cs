namespace Zcrx.Rx;

/// <summary>Creates sizes in readable form: <c>64.MiB()</c>.</summary>
public static class ByteSizeExtensions
{
    /// <summary>Returns a size in KiB (1024 bytes).</summary>
    /// <param name="count">The number of units; not negative.</param>
    /// <returns>The size.</returns>
    public static ByteSize KiB(this int count) => new((long)count << 10);

    /// <summary>Returns a size in MiB (1024 KiB).</summary>
    /// <param name="count">The number of units; not negative.</param>
    /// <returns>The size.</returns>
    public static ByteSize MiB(this int count) => new((long)count << 20);

    /// <summary>Returns a size in GiB (1024 MiB).</summary>
    /// <param name="count">The number of units; not negative.</param>
    /// <returns>The size.</returns>
    public static ByteSize GiB(this int count) => new((long)count << 30);
}
