using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Differential;

/// <summary>
/// What one step of a program led to, in the form in which two kernels are compared. Everything that the contract leaves open is left out here, and nowhere else
/// but in the steps that say so.
/// </summary>
/// <remarks>
/// Left open, and so not compared:
/// <list type="bullet">
/// <item>When something happens: a step ends when everything that it set off has happened.</item>
/// <item>Into how many completions and buffers the bytes of a request are split, unless all pieces are whole pages
/// (<see cref="DifferentialProgram.WholePages"/>); with the splits which buffers those are, how many entries were returned and consumed.</item>
/// <item>The order of completions of different requests within one step. That data comes before the end of its own request is checked by itself.</item>
/// <item>Numbers that a kernel chooses: descriptors.</item>
/// <item>How many bytes are counted as copied, up to a small part that travels in a packet's linear part (<see cref="ProgramRun"/>).</item>
/// <item>What a request that is under way when its ring is closed still takes from its socket: such connections end with the ring.</item>
/// <item>What two receives on one socket get: no program starts a second one.</item>
/// <item>On an interface: how a stream is cut into packets, and so when exactly buffers run out and what is sent again. A step that runs out on purpose is over when
/// everything has come; that the lack was reported once is compared. A reset while the link is down is lost or not: no program does that.
/// Whether few buffers suffice just after the link came up again: such programs leave it up.
/// How long after the last user of a queue the RX queue still takes packets for it, which are lost: closing waits until it does not.</item>
/// </list>
/// </remarks>
internal sealed class StepRecord(bool wholePages)
{
    private readonly SortedDictionary<ulong, (string Name, long Bytes, List<string> Buffers)> _data = [];
    private readonly List<string> _ends = [];
    private readonly HashSet<ulong> _requests = [];

    /// <summary>Gets the result of the call, and other values that are compared besides completions.</summary>
    public List<string> Facts { get; } = [];

    /// <summary>Gets the violations of rules that hold on every kernel, whether the kernels agree or not.</summary>
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
