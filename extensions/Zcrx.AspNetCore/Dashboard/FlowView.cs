namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents a flow rule of this process.</summary>
internal sealed record FlowView(string Interface, int RxQueue, long Connection, string Rule);
