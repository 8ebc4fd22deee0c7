using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;

namespace Zcrx.Fuzz.Support;

/// <summary>Keeps the current input in a mapped file. If the input ends the process, the file still contains it.</summary>
internal sealed class InputRecord : IDisposable
{
    private readonly string _directory;
    private readonly string _name;
    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public InputRecord(string directory, string name)
    {
        Directory.CreateDirectory(directory);
        _directory = directory;
        _name = name;
        _path = Path.Combine(directory, $"{name}-running-{Environment.ProcessId}.bin");
        _file = MemoryMappedFile.CreateFromFile(_path, FileMode.Create, null, sizeof(int) + Mutator.MaxLength);
        _view = _file.CreateViewAccessor();
    }

    /// <summary>Reads the input that a process had when it ended.</summary>
    public static byte[] Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        return Path.GetFileName(path).Contains("-running-", StringComparison.Ordinal) ? file[sizeof(int)..(sizeof(int) + BitConverter.ToInt32(file))] : file;
    }

    public void Set(byte[] input)
    {
        _view.Write(0, input.Length);
        _view.WriteArray(sizeof(int), input, 0, input.Length);
    }

    /// <summary>Deletes the file. If an input has failed, saves it in another file.</summary>
    public void Close(byte[]? failed)
    {
        if (failed is not null)
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(failed))[..12];
            File.WriteAllBytes(Path.Combine(_directory, $"{_name}-{hash}.bin"), failed);
        }

        File.Delete(_path);
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
