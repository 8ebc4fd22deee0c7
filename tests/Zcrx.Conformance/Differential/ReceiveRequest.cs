namespace Zcrx.Conformance.Differential;

/// <summary>Represents a receive request of a program.</summary>
internal sealed class ReceiveRequest(ulong userData, Connection connection, Pool pool, int ring, bool hasBudget)
{
    public ulong UserData => userData;

    public Connection Connection => connection;

    public Pool Pool => pool;

    public int Ring => ring;

    public bool HasBudget => hasBudget;

    public bool IsActive { get; set; } = true;

    public string Name => $"request {userData - ProgramRun.FirstRequest}";
}
