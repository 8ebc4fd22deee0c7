using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Recipes.Tests.Support;

namespace Recipes.Tests;

public sealed class UploadReceiverTests : IDisposable
{
    private const int Most = 5_000_000;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("zcrx-upload-");

    [Fact]
    public async Task Files_are_stored_under_the_hash_that_the_client_gets()
    {
        await using RecipeHost host = await StartAsync();
        byte[][] files = [Bytes(1, 0), Bytes(2, 1), Bytes(3, 100_000), Bytes(4, Most)];

        byte[] answers = await Client.ConverseAsync(host.EndPoints[0], [.. files.SelectMany(Upload)]);

        string[] hashes = [.. files.Select(Hash)];
        Assert.Equal(hashes, Encoding.ASCII.GetString(answers).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(hashes.Order(), Stored());
        foreach (byte[] file in files)
        {
            Assert.True(File.ReadAllBytes(Path.Combine(_directory.FullName, Hash(file))).AsSpan().SequenceEqual(file), $"the file of {file.Length} bytes differs");
        }

        Assert.Empty(host.Problems);
    }

    [Fact]
    public async Task Client_waits_for_one_answer_before_it_sends_the_next_file()
    {
        await using RecipeHost host = await StartAsync();
        using Client client = await Client.ConnectAsync(host.EndPoints[0]);
        foreach (byte[] file in (byte[][])[Bytes(5, 10), Bytes(6, 10_000)])
        {
            await client.SendAsync(Upload(file));
            await client.ExpectAsync(Hash(file) + "\n");
        }
    }

    [Fact]
    public async Task File_that_is_too_long_is_refused_before_it_is_read()
    {
        await using RecipeHost host = await StartAsync();
        using Client client = await Client.ConnectAsync(host.EndPoints[0]);
        byte[] header = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(header, Most + 1);
        await client.SendAsync(header);
        Assert.Equal($"error: the file has {Most + 1} bytes, and {Most} are accepted\n", Encoding.ASCII.GetString(await client.ReadToEndAsync()));
        // A length with its highest bit set is a large number, and must not be read as a negative one.
        Assert.StartsWith("error: ", Encoding.ASCII.GetString(await Client.ConverseAsync(host.EndPoints[0], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])), StringComparison.Ordinal);
        Assert.Empty(Stored());
        Assert.Empty(host.Problems);
    }

    [Fact]
    public async Task Incomplete_uploads_leave_no_file_and_no_connection()
    {
        await using RecipeHost host = await StartAsync();
        byte[] upload = Upload(Bytes(7, 50_000));
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            using Client client = await Client.ConnectAsync(host.EndPoints[0]);
            await client.SendAsync(upload.AsMemory(0, (i * 251) % upload.Length));
            if (i % 2 == 0)
            {
                client.Reset();
                return;
            }

            client.EndSending();
            Assert.Empty(await client.ReadToEndAsync());
        }));
        await host.NoConnectionsAsync();
        Assert.Empty(Stored());
        Assert.Empty(host.Problems);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static byte[] Bytes(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Upload(byte[] file)
    {
        byte[] header = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(header, file.Length);
        return [.. header, .. file];
    }

    private static string Hash(byte[] file) => Convert.ToHexStringLower(SHA256.HashData(file));

    private Task<RecipeHost> StartAsync() => RecipeHost.StartAsync(services => UploadReceiver.Add(services, RecipeHost.AnyPort, _directory.FullName, Most));

    private IEnumerable<string> Stored() => _directory.EnumerateFiles().Select(static file => file.Name).Order();
}
