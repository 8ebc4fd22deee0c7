using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text;
using System.Xml.Linq;

namespace Zcrx.Packages.Tests.Support;

/// <summary>Reads a package, and the symbol package next to it.</summary>
internal sealed class PackageFile
{
    // These ids are from the format of portable PDBs. They mark source link and embedded sources.
    private static readonly Guid SourceLinkKind = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");
    private static readonly Guid EmbeddedSourceKind = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    private readonly string _file;

    public PackageFile(string file)
    {
        _file = file;
        using ZipArchive archive = ZipFile.OpenRead(file);
        Entries = [.. archive.Entries.Select(static entry => entry.FullName)];
        using Stream nuspec = archive.Entries.Single(static entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        Metadata = XDocument.Load(nuspec).Root!.Elements().Single();
    }

    /// <summary>Gets the names of the files in the package.</summary>
    public IReadOnlyList<string> Entries { get; }

    /// <summary>Gets the element <c>metadata</c> of the nuspec.</summary>
    public XElement Metadata { get; }

    public string Id => Value("id");

    public string Version => Value("version");

    /// <summary>Gets the element <c>repository</c> of the nuspec.</summary>
    public XElement Repository => Element("repository");

    /// <summary>Gets the dependencies of the package, each as <c>id version</c>.</summary>
    public IEnumerable<string> Dependencies => Metadata.Descendants().Where(static element => element.Name.LocalName == "dependency")
        .Select(static element => $"{element.Attribute("id")!.Value} {element.Attribute("version")!.Value}");

    public string Value(string name) => Element(name).Value;

    /// <summary>Returns the text of a file in the package.</summary>
    public string Read(string entry)
    {
        using ZipArchive archive = ZipFile.OpenRead(_file);
        using StreamReader reader = new(archive.GetEntry(entry)!.Open());
        return reader.ReadToEnd();
    }

    /// <summary>Reads the symbols of the library. Returns its source link, and for each source file whether it is embedded.</summary>
    public (string SourceLink, IReadOnlyDictionary<string, bool> Documents) ReadSymbols()
    {
        using ZipArchive archive = ZipFile.OpenRead(Path.ChangeExtension(_file, ".snupkg"));
        using MemoryStream symbols = new();
        using (Stream entry = archive.GetEntry($"lib/net10.0/{Id}.pdb")!.Open())
        {
            entry.CopyTo(symbols);
        }

        symbols.Position = 0;
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(symbols);
        MetadataReader reader = provider.GetMetadataReader();
        string link = Encoding.UTF8.GetString(Information(reader, System.Reflection.Metadata.EntityHandle.ModuleDefinition, SourceLinkKind) ?? []);
        Dictionary<string, bool> documents = reader.Documents.ToDictionary(
            handle => reader.GetString(reader.GetDocument(handle).Name),
            handle => Information(reader, handle, EmbeddedSourceKind) is { Length: > 0 });
        return (link, documents);
    }

    private static byte[]? Information(MetadataReader reader, EntityHandle parent, Guid kind) => reader.GetCustomDebugInformation(parent)
        .Select(reader.GetCustomDebugInformation)
        .Where(information => reader.GetGuid(information.Kind) == kind)
        .Select(information => reader.GetBlobBytes(information.Value))
        .FirstOrDefault();

    private XElement Element(string name) => Metadata.Elements().Single(element => element.Name.LocalName == name);
}
