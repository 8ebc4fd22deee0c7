using System.IO.Hashing;

namespace Zcrx.Benchmarks.Web;

/// <summary>Represents a temporary file with pseudo-random bytes, together with its hash.</summary>
internal sealed class UploadFile : IDisposable
{
    private UploadFile(string path, long length, string hash) => (Path, Length, Hash) = (path, length, hash);

    public string Path { get; }

    public long Length { get; }

    public string Hash { get; }

    public static UploadFile Create(long length)
    {
        string path = System.IO.Path.GetTempFileName();
        using FileStream file = File.OpenWrite(path);
        XxHash128 hash = new();
        Random random = new(20_251);
        byte[] block = new byte[1 << 20];
        for (long left = length; left > 0; left -= block.Length)
        {
            random.NextBytes(block);
            ReadOnlySpan<byte> bytes = block.AsSpan(0, (int)long.Min(left, block.Length));
            hash.Append(bytes);
            file.Write(bytes);
        }

        return new UploadFile(path, length, Convert.ToHexString(hash.GetCurrentHash()));
    }

    public void Dispose() => File.Delete(Path);
}
