using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Differential;

/// <summary>
/// Records the outcome of one step, in the form in which two kernels are compared. Leaves out values that the kernel's contract does not
/// specify.
/// </summary>
/// <remarks>
/// These points are unspecified and therefore not compared:
/// <list type="bullet">
/// <item>The time of an effect. A step ends when all its effects have happened.</item>
/// <item>The number of completions and buffers of a request, unless all pieces are whole pages
/// (<see cref="DifferentialProgram.WholePages"/>). This number determines which buffers are used, and how many entries are returned and
/// consumed.</item>
/// <item>The order of completions of different requests within one step. A separate check ensures that data arrives before the end of its
/// own request.</item>
/// <item>Descriptors, which are numbers that a kernel chooses.</item>
/// <item>The number of bytes counted as copied, within the small share that travels in the linear part of packets
/// (<see cref="ProgramRun"/>).</item>
/// <item>The bytes that an active request takes from its socket while its ring is closed. Such connections end with the ring.</item>
/// <item>The distribution of bytes between two receives on one socket. No program starts a second receive.</item>
/// <item>On an interface: how a stream is cut into packets, and therefore when exactly buffers run out and what is retransmitted. A step
/// that uses up all buffers ends when all bytes have arrived. The comparison includes the single report of the shortage.</item>
/// <item>On an interface: whether a reset arrives while the link is down, and whether few buffers suffice just after the link came up
/// again. No program resets a connection while the link is down, and programs with few buffers leave the link up.</item>
/// <item>On an interface: how long an RX queue still receives into the memory of a queue whose last user has ended. Such packets are lost.
/// Closing a queue waits for the end of this time.</item>
/// </list>
/// </remarks>
internal sealed class StepRecord(bool wholePages)
{
    private readonly SortedDictionary<ulong, (string Name, long Bytes, List<string> Buffers)> _data = [];
    private readonly List<string> _ends = [];
    private readonly HashSet<ulong> _requests = [];

    /// <summary>Gets the compared values that are not completions, such as the result of a call.</summary>
    public List<string> Facts { get; } = [];

    /// <summary>Gets the violations of rules that hold on every kernel. A violation fails the program even if both kernels agree.</summary>
    public List<string> Violations { get; } = [];

    public void Data(ReceiveRequest request, Cqe cqe)
    {
        if (!_data.TryGetValue(request.UserData, out (string Name, long Bytes, List<string> Buffers) data))
        {
            data = (request.Name, 0, []);
        }

        data.Buffers.Add($"{cqe.Offset / TestMemory.Page:x}");
        _data[request.UserData] = (data.Name, data.Bytes + cqe.Result, data.Buffers);
        _requests.Add(request.UserData);
    }

    public void End(ReceiveRequest request, Cqe cqe)
    {
        _ends.Add($"{request.Name} ends with {Results.Name(cqe.Result)}{Flags(cqe)}");
        _requests.Add(request.UserData);
    }

    public void Notification(int pool, Cqe cqe) => _ends.Add($"notification of pool {pool}: type {cqe.Result}{Flags(cqe)}");

    public void Other(string name, Cqe cqe) => _ends.Add($"{name} ends with {Results.Name(cqe.Result)}{Flags(cqe)}");

    public override string ToString()
    {
        IEnumerable<string> data = _data.Values.Select(data => $"{data.Name}: {data.Bytes} bytes" + (wholePages ? $" in {string.Join(' ', data.Buffers)}" : ""));
        IEnumerable<string> ends = _requests.Count > 1 ? _ends.Order(StringComparer.Ordinal) : _ends;
        return string.Join("; ", [.. Facts, .. data, .. ends, .. Violations.Select(violation => "BROKEN: " + violation)]);
    }

    private static string Flags(Cqe cqe) => cqe.Flags == 0 ? "" : $" flags {cqe.Flags:x}";
}
