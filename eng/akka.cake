// Akka.NET, also where the package sources do not carry it: docs/adr/0002-akka-package-source.md.
Task("restore-akka")
    .Description("makes sure that the package Akka can be restored")
    .Does(() =>
{
    if (Run("sh", "eng/restore-akka.sh") != 0)
    {
        throw new CakeException("Akka.NET is not available; the reason is above.");
    }
});
