using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>Represents the kernel's view of an area: free buffers, and the references of user space to each buffer.</summary>
/// <remarks>Guarded by the lock of the queue that owns the area.</remarks>
internal sealed unsafe class EmulatedArea
{
    private readonly int[] _free;
    private readonly int[] _userReferences;
    // True for a buffer in a page pool. Other buffers are free or were filled by a copy.
    private readonly bool[] _isPooled;
    private int _freeCount;

    public EmulatedArea(uint id, nint address, nuint length, int bufferShift)
    {
        Token = (ulong)id << Abi.LinuxIoUringZcrx.IORING_ZCRX_AREA_SHIFT;
        Address = (byte*)address;
        BufferShift = bufferShift;
        int buffers = checked((int)(length >> bufferShift));
        _free = new int[buffers];
        _userReferences = new int[buffers];
        _isPooled = new bool[buffers];
        for (int i = 0; i < buffers; i++)
        {
            _free[i] = i;
        }

        _freeCount = buffers;
    }

    /// <summary>
    /// Gets the area's token, the base of its completion offsets. It has the area's id in the top 16 bits and zeros in the other bits.
    /// </summary>
    public ulong Token { get; }

    public byte* Address { get; }

    public int BufferShift { get; }

    public int Buffers => _free.Length;

    public int FreeCount => _freeCount;

    /// <summary>
    /// Returns the free buffer that is taken next after <paramref name="ahead"/> others. The buffer that was freed last is taken first, as
    /// in the kernel.
    /// </summary>
    public int PeekFree(int ahead) => _free[_freeCount - 1 - ahead];

    /// <summary>Takes the next free buffer and counts a user reference on it.</summary>
    public int TakeForUser()
    {
        int buffer = _free[--_freeCount];
        _userReferences[buffer]++;
        return buffer;
    }

    /// <summary>Takes the next free buffer for a page pool.</summary>
    public int TakeForPool()
    {
        int buffer = _free[--_freeCount];
        _isPooled[buffer] = true;
        return buffer;
    }

    /// <summary>Adds a user reference to a buffer of a page pool. User space has one reference for each packet in the buffer.</summary>
    public void AddUserReference(int buffer) => _userReferences[buffer]++;

    /// <summary>Returns whether a buffer is in a page pool.</summary>
    public bool IsPooled(int buffer) => _isPooled[buffer];

    /// <summary>
    /// Removes user references. If the buffer has fewer than <paramref name="count"/>, nothing changes, because the kernel ignores such
    /// refill entries.
    /// </summary>
    /// <returns>Whether the last reference was removed.</returns>
    public bool DropUserReferences(int buffer, int count)
    {
        if (_userReferences[buffer] < count)
        {
            return false;
        }

        _userReferences[buffer] -= count;
        return _userReferences[buffer] == 0;
    }

    /// <summary>Puts a buffer back into the free list. The buffer must have no references.</summary>
    public void Free(int buffer)
    {
        _isPooled[buffer] = false;
        _free[_freeCount++] = buffer;
    }

    /// <summary>
    /// Gives the memory of the area back to the operating system if all buffers are free. The pages then contain zeros, but the content
    /// of free buffers is not needed.
    /// </summary>
    public bool TryTrim()
    {
        if (_freeCount < _free.Length)
        {
            return false;
        }

        nuint length = (nuint)_free.Length << BufferShift;
        // MADV_REMOVE frees the pages of a shared file. On private memory it fails with EINVAL, and MADV_DONTNEED frees the pages instead.
        return Libc.Advise((nint)Address, length, Libc.MADV_REMOVE) == 0 || Libc.Advise((nint)Address, length, Libc.MADV_DONTNEED) == 0;
    }

    /// <summary>Reclaims all buffers that user space has.</summary>
    public void Scrub()
    {
        for (int buffer = 0; buffer < _userReferences.Length; buffer++)
        {
            if (_userReferences[buffer] != 0)
            {
                _userReferences[buffer] = 0;
                Free(buffer);
            }
        }
    }
}
