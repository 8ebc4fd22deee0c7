namespace Zcrx.Actors.Tests.Support;

/// <summary>Specifies how an application combines Zcrx with Akka.Hosting.</summary>
public enum Wiring
{
    /// <summary><c>AddZcrx(…)</c>, then <c>AddAkka(…)</c>.</summary>
    ZcrxFirst,

    /// <summary><c>AddAkka(…)</c>, then <c>AddZcrx(…)</c>.</summary>
    AkkaFirst,

    /// <summary><c>AddAkka(akka => akka.WithZcrx(…))</c>, with <c>AddZcrx()</c> before it for <see cref="IZcrx"/>.</summary>
    WithZcrx,

    /// <summary>The same as <see cref="WithZcrx"/>, with <c>AddZcrx()</c> after it.</summary>
    WithZcrxFirst,

    /// <summary><c>WithZcrx(…)</c>, and <c>AddZcrx(…)</c> with further options.</summary>
    Both,
}
