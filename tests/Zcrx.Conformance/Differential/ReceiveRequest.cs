namespace Zcrx.Conformance.Differential;

/// <summary>A receive request of a program.</summary>
internal sealed class ReceiveRequest(ulong userData, Connection connection, Pool pool, int ring)
{
    public ulong UserData => userData;

    public Connection Connection => connection;

    public Pool Pool => pool;

    public int Ring => ring;

    public bool IsActive { get; set; } = true;

    public string Name => $"request {userData - ProgramRun.FirstRequest}";
}
