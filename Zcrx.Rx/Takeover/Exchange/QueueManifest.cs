using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Memory;

namespace Zcrx.Rx.Takeover;

/// <summary>Describes a queue and the layout of its memory to the process that takes it over.</summary>
/// <remarks>
/// Its descriptors are the export, the channel to the former process, the memory of the refill queue and the areas by id, in this order.
/// </remarks>
internal sealed record QueueManifest(
    string Name, string Interface, uint RxQueue, int BufferLength, bool HugePages, uint Entries, io_uring_zcrx_offsets Offsets, long StatisticsOffset, long RegionLength, IReadOnlyList<long> AreaLengths)
{
    public const int FixedDescriptors = 3;

    // Limits of the kernel: the entries of a refill queue, the areas of a queue, and the bytes of an area.
    private const uint MaxEntries = 32768;
    private const int MaxAreas = 1024;
    private const long MaxArea = 1L << 30;
    private const long None = -1;

    /// <summary>Gets the number of descriptors that are sent with the manifest.</summary>
    public int Descriptors => FixedDescriptors + AreaLengths.Count;

    /// <summary>Gets the name of the network interface; null without a NIC.</summary>
    public string? InterfaceOrNone => Interface.Length == 0 ? null : Interface;

    public nuint? StatisticsOffsetOrNone => StatisticsOffset == None ? null : (nuint)StatisticsOffset;

    public static QueueManifest Of(string name, QueueMemory memory)
    {
        IReadOnlyList<MemoryRegion> areas = memory.Areas;
        return new QueueManifest(
            name,
            memory.Interface ?? "",
            memory.RxQueue,
            memory.BufferLength,
            areas[0].IsHuge,
            memory.Entries,
            memory.Offsets,
            memory.StatisticsOffset is { } offset ? (long)offset : None,
            (long)memory.Region.Length,
            [.. areas.Select(static area => (long)area.Length)]);
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write(Name);
        writer.Write(Interface);
        writer.Write(RxQueue);
        writer.Write(BufferLength);
        writer.Write(HugePages);
        writer.Write(Entries);
        writer.Write(Offsets.head);
        writer.Write(Offsets.tail);
        writer.Write(Offsets.rqes);
        writer.Write(StatisticsOffset);
        writer.Write(RegionLength);
        writer.Write((ushort)AreaLengths.Count);
        foreach (long length in AreaLengths)
        {
            writer.Write(length);
        }
    }

    /// <exception cref="InvalidDataException">The manifest is corrupt, because it refers to memory that does not exist.</exception>
    public static QueueManifest Read(BinaryReader reader)
    {
        QueueManifest manifest = new(
            TakeoverPayload.ReadText(reader),
            TakeoverPayload.ReadText(reader),
            reader.ReadUInt32(),
            reader.ReadInt32(),
            reader.ReadBoolean(),
            reader.ReadUInt32(),
            new io_uring_zcrx_offsets { head = reader.ReadUInt32(), tail = reader.ReadUInt32(), rqes = reader.ReadUInt32() },
            reader.ReadInt64(),
            reader.ReadInt64(),
            ReadAreas(reader));
        return manifest.IsSound() ? manifest : throw new InvalidDataException($"the description of the queue '{manifest.Name}' is corrupt");
    }

    private static long[] ReadAreas(BinaryReader reader)
    {
        long[] lengths = new long[TakeoverPayload.ReadCount(reader, MaxAreas)];
        for (int i = 0; i < lengths.Length; i++)
        {
            lengths[i] = reader.ReadInt64();
        }

        return lengths;
    }

    private bool IsSound()
    {
        bool Lies(long offset, long length, long alignment) => offset >= 0 && offset % alignment == 0 && offset <= RegionLength - length;
        return RegionLength is > 0 and <= MaxArea
            && uint.IsPow2(Entries) && Entries <= MaxEntries
            && int.IsPow2(BufferLength)
            && Lies(Offsets.head, sizeof(uint), sizeof(uint))
            && Lies(Offsets.tail, sizeof(uint), sizeof(uint))
            && Lies(Offsets.rqes, EntriesLength, sizeof(ulong))
            && (StatisticsOffset == None || Lies(StatisticsOffset, StatisticsLength, sizeof(ulong)))
            && AreaLengths.Count > 0
            && AreaLengths.All(length => length is > 0 and <= MaxArea && length % BufferLength == 0);
    }

    private unsafe long EntriesLength => (long)Entries * sizeof(io_uring_zcrx_rqe);

    private static unsafe long StatisticsLength => sizeof(zcrx_stats);
}
