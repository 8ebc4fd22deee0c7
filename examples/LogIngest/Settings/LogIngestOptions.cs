using System.ComponentModel.DataAnnotations;
using Zcrx.Rx;

namespace LogIngest.Settings;

/// <summary>Contains the options of the configuration section <c>LogIngest</c>.</summary>
internal sealed class LogIngestOptions : IValidatableObject
{
    public const string SectionName = "LogIngest";

    private const int ShortestMessage = 480;

    /// <summary>Gets or sets the kind of store for the messages.</summary>
    public StoreKind Store { get; set; } = StoreKind.Postgres;

    /// <summary>Gets or sets the connection string of the database, for <see cref="StoreKind.Postgres"/>.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Gets or sets the directory of the files, for <see cref="StoreKind.File"/>.</summary>
    public string Directory { get; set; } = "logs";

    /// <summary>Gets or sets the number of writers. Each has one connection to the database.</summary>
    [Range(1, 64)]
    public int Writers { get; set; } = 2;

    /// <summary>Gets or sets the number of messages that are stored together.</summary>
    [Range(1, 100_000)]
    public int BatchSize { get; set; } = 2_000;

    /// <summary>Gets or sets how long a message may wait for further messages of its batch.</summary>
    public TimeSpan BatchDelay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Gets or sets the maximum length of a message. A longer message is split into pieces.</summary>
    public ByteSize MaxMessageLength { get; set; } = new(64 << 10);

    /// <summary>Gets or sets the treatment of invalid messages.</summary>
    public BadInputPolicy BadInput { get; set; } = BadInputPolicy.Store;

    /// <summary>Gets or sets the maximum number of unstored messages of one connection. At this limit the sender waits.</summary>
    [Range(1, 1_000_000)]
    public int Window { get; set; } = 4_000;

    /// <summary>Gets or sets the maximum number of unstored bytes of one connection.</summary>
    public ByteSize WindowBytes { get; set; } = new(4 << 20);

    /// <summary>
    /// Gets or sets a value indicating whether the service acknowledges to each sender the position up to which everything is stored.
    /// </summary>
    /// <remarks>
    /// The acknowledgement is a line of digits. It is off by default, because it is not part of syslog and
    /// ordinary senders do not read it.
    /// </remarks>
    public bool Acknowledge { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Store == StoreKind.Postgres && ConnectionString.Length == 0)
        {
            yield return new ValidationResult($"{SectionName}:{nameof(ConnectionString)} is empty. Set it, or choose another store with --store file or --store null.");
        }

        if (MaxMessageLength < ShortestMessage || MaxMessageLength > (1 << 24))
        {
            yield return new ValidationResult($"{SectionName}:{nameof(MaxMessageLength)} is {MaxMessageLength}. Choose a size from 480 bytes, which RFC 5424 requires, to 16MiB.");
        }

        if (WindowBytes < MaxMessageLength)
        {
            yield return new ValidationResult($"{SectionName}:{nameof(WindowBytes)} is {WindowBytes}. Choose at least {nameof(MaxMessageLength)}, {MaxMessageLength}.");
        }

        if (BatchDelay < TimeSpan.Zero || BatchDelay > TimeSpan.FromMinutes(1))
        {
            yield return new ValidationResult($"{SectionName}:{nameof(BatchDelay)} is {BatchDelay}. Choose a time up to one minute.");
        }
    }
}
