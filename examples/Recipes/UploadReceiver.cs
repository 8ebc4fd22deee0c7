using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Recipes;

/// <summary>Receives files and replies to each with a line that contains its SHA-256, which is also the name of the stored file.</summary>
/// <remarks>
/// A file is sent as its length in eight bytes, big-endian, and then its bytes. A connection may carry several files. A file that does not
/// arrive completely is deleted.
/// </remarks>
internal sealed class UploadReceiver(string directory, long maxLength)
{
    public static void Add(IServiceCollection services, string listen, string directory, long maxLength)
    {
        Directory.CreateDirectory(directory);
        services.AddZcrx(zcrx => zcrx.Listen(listen, new UploadReceiver(directory, maxLength).ServeAsync));
    }

    private async Task ServeAsync(ZcrxConnection connection, CancellationToken token)
    {
        using ZcrxDuplexPipe pipe = connection.ToDuplexPipe();
        while (true)
        {
            ReadResult read = await pipe.Input.ReadAtLeastAsync(sizeof(long), token);
            if (read.Buffer.Length < sizeof(long))
            {
                return;
            }

            ulong length = Length(read.Buffer);
            pipe.Input.AdvanceTo(read.Buffer.GetPosition(sizeof(long)));
            if (length > (ulong)maxLength)
            {
                string refusal = string.Create(CultureInfo.InvariantCulture, $"error: the file has {length} bytes, and {maxLength} are accepted\n");
                await connection.SendAsync(Encoding.ASCII.GetBytes(refusal), token);
                return;
            }

            if (await SaveAsync(pipe.Input, (long)length, token) is not { } hash)
            {
                return;
            }

            await connection.SendAsync(Encoding.ASCII.GetBytes($"{hash}\n"), token);
        }
    }

    private async Task<string?> SaveAsync(PipeReader input, long length, CancellationToken token)
    {
        string partial = Path.Combine(directory, $"{Path.GetRandomFileName()}.part");
        try
        {
            using IncrementalHash sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using (FileStream file = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                while (length > 0)
                {
                    ReadResult read = await input.ReadAsync(token);
                    ReadOnlySequence<byte> bytes = read.Buffer.Slice(0, long.Min(length, read.Buffer.Length));
                    foreach (ReadOnlyMemory<byte> piece in bytes)
                    {
                        sha.AppendData(piece.Span);
                        await file.WriteAsync(piece, token);
                    }

                    length -= bytes.Length;
                    input.AdvanceTo(bytes.End);
                    if (read.IsCompleted && length > 0)
                    {
                        return null;
                    }
                }
            }

            string hash = Convert.ToHexStringLower(sha.GetHashAndReset());
            File.Move(partial, Path.Combine(directory, hash), overwrite: true);
            return hash;
        }
        finally
        {
            // Deletes an incomplete upload. A complete one was moved, so there is nothing to delete.
            File.Delete(partial);
        }
    }

    private static ulong Length(in ReadOnlySequence<byte> header)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        header.Slice(0, sizeof(ulong)).CopyTo(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
