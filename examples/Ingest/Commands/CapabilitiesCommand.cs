using System.CommandLine;
using Ingest.Display;
using Ingest.Values;

namespace Ingest.Commands;

/// <summary>Defines the command `capabilities`.</summary>
internal static class CapabilitiesCommand
{
    public static Command Create()
    {
        Option<string?> networkInterface = ValueOption.Create<string?>(
            "--interface", "IF", "Network interface to check; without this option, no NIC is considered.", required: false, InterfaceText.Read);
        Command command = new(
            "capabilities",
            "Shows what this kernel's zero-copy receive can do, what this process is permitted to do, and which engine `--engine auto` chooses and why. Changes nothing.")
        {
            networkInterface,
        };
        command.SetAction(parsed =>
        {
            CapabilitiesReport.Write(Terminal.Create(), parsed.GetValue(networkInterface));
            return ExitCode.Success;
        });
        return command;
    }
}
