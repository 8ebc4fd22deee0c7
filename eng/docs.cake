// Builds the documentation site with docfx: the API reference from the XML documentation of the libraries, and the guides. Warnings and
// broken links fail the target.
using System.Text.RegularExpressions;

const string DocfxVersion = "2.81.0";

Task("docs")
    .Description("builds the API reference and the guides into artifacts/docs/site")
    .Does(() => BuildDocs());

// Builds and checks the site, and returns a line about it.
string BuildDocs()
{
    var work = artifacts.Combine("docs");
    var source = work.Combine("source");
    CleanDirectory(work);
    StageGuides(source);
    StageLibraries(source);
    if (!InstallDocfx())
    {
        throw new CakeException($"docfx {DocfxVersion} cannot be installed; the reason is above.");
    }

    if (Run(docfx.CombineWithFilePath("docfx").FullPath, source.CombineWithFilePath("docfx.json").FullPath, "--warningsAsErrors", "--logLevel", "warning") != 0)
    {
        throw new CakeException("docfx reports errors or warnings; they are above.");
    }

    var site = work.Combine("site").FullPath;
    var pages = System.IO.Directory.GetFiles(site, "*.html", System.IO.SearchOption.AllDirectories);
    var links = pages.SelectMany(page => LinksOf(site, page)).ToList();
    var broken = links.Where(link => link.Problem is not null).Select(link => $"{link.Page}: {link.Target}: {link.Problem}").Distinct().ToList();
    broken.ForEach(Console.Error.WriteLine);
    var result = $"artifacts/docs/site/index.html: {pages.Length:N0} pages, {links.Count:N0} links inside the site, {broken.Count} broken";
    Console.WriteLine(result);
    if (broken.Count > 0)
    {
        throw new CakeException($"{broken.Count} links of the site are broken.");
    }

    CheckDiagrams(site, pages);
    return result;
}

// docfx is installed only for the site, because it takes 490 MB and every build restores the tools of the manifest.
var docfx = artifacts.Combine("tools/docfx");

bool InstallDocfx() => FileExists(docfx.CombineWithFilePath("docfx"))
    || Run("dotnet", "tool", "install", "docfx", "--version", DocfxVersion, "--tool-path", docfx.FullPath, "--verbosity", "quiet") == 0;

// Copies the documents. Links to files outside of the documents are replaced by links to the repository.
void StageGuides(DirectoryPath source)
{
    var root = MakeAbsolute(Directory(".")).FullPath;
    var repository = XDocument.Load("eng/Package.props").Descendants("RepositoryUrl").Single().Value;
    string[] documents = [.. System.IO.Directory.GetFiles("docs", "*.md", System.IO.SearchOption.AllDirectories).Select(file => file.Replace('\\', '/')).Order(StringComparer.Ordinal)];
    foreach (var document in (string[])["README.md", .. documents])
    {
        var target = source.CombineWithFilePath(document == "README.md" ? "index.md" : document).FullPath;
        System.IO.Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target));
        System.IO.File.WriteAllText(target, OutsideCode(System.IO.File.ReadAllText(document), text => Regex.Replace(text, @"\]\((?<path>[^()\s#:]+)(?<anchor>#[^()\s]*)?\)", link =>
        {
            var full = System.IO.Path.GetFullPath(link.Groups["path"].Value, System.IO.Path.Combine(root, System.IO.Path.GetDirectoryName(document)));
            var relative = System.IO.Path.GetRelativePath(root, full).Replace('\\', '/');
            return relative == "README.md" ? $"]({System.IO.Path.GetRelativePath(System.IO.Path.GetDirectoryName(target), source.FullPath)}/index.md{link.Groups["anchor"].Value})"
                : documents.Contains(relative) || System.IO.File.Exists(full) && relative.StartsWith("docs/", StringComparison.Ordinal) ? link.Value
                : $"]({repository}/{(System.IO.Directory.Exists(full) ? "tree" : "blob")}/main/{relative}{link.Groups["anchor"].Value})";
        })));
    }

    // Copies pictures and all other files that are not Markdown.
    foreach (var file in System.IO.Directory.GetFiles("docs", "*", System.IO.SearchOption.AllDirectories).Where(file => !file.EndsWith(".md", StringComparison.Ordinal)))
    {
        var target = source.CombineWithFilePath(file).FullPath;
        System.IO.Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target));
        System.IO.File.Copy(file, target);
    }

    // The contents follow the order of README's table of documents. Documents that the table does not contain come last.
    var overview = System.IO.File.ReadAllText("README.md");
    var first = Regex.Matches(overview[int.Max(0, overview.IndexOf("\n## Documents", StringComparison.Ordinal))..], @"\((docs/[\w/-]+\.md)").Select(match => match.Groups[1].Value).Where(documents.Contains).Distinct();
    var guides = first.Union(documents).Where(document => !document.StartsWith("docs/adr/", StringComparison.Ordinal));
    WriteContents(source, "docs", guides);
    WriteContents(source, "docs/adr", documents.Where(document => document.StartsWith("docs/adr/", StringComparison.Ordinal)));
    foreach (var file in System.IO.Directory.GetFiles("eng/docs").Append("eng/icon.svg"))
    {
        System.IO.File.Copy(file, source.CombineWithFilePath(System.IO.Path.GetFileName(file)).FullPath);
    }
}

// Applies a change to the text of a document, except its code blocks.
string OutsideCode(string text, Func<string, string> change) => string.Concat(Regex.Split(text, "(^```.*?^```)", RegexOptions.Multiline | RegexOptions.Singleline)
    .Select(part => part.StartsWith("```", StringComparison.Ordinal) ? part : change(part)));

void WriteContents(DirectoryPath source, string directory, IEnumerable<string> documents) => System.IO.File.WriteAllLines(
    source.CombineWithFilePath($"{directory}/toc.yml").FullPath,
    documents.SelectMany(document => (string[])
    [
        $"- name: \"{System.IO.File.ReadLines(document).First().TrimStart('#', ' ').Replace("`", "").Replace("\"", "'")}\"",
        $"  href: {System.IO.Path.GetRelativePath(directory, document)}",
    ]));

// Publishes the libraries with their XML documentation and all dependencies, which docfx needs to resolve references.
void StageLibraries(DirectoryPath source)
{
    var libraries = source.Combine("libraries").FullPath;
    foreach (var project in GetFiles("./Zcrx.*/Zcrx.*.csproj") + GetFiles("./extensions/*/*.csproj"))
    {
        if (Run("dotnet", "publish", project.FullPath, "--configuration", Configuration, "--output", libraries, "--nologo", "--verbosity", "quiet", "-consoleLoggerParameters:NoSummary", "-p:RunAnalyzers=false") != 0)
        {
            throw new CakeException($"{project.GetFilename()} does not build; the errors are above.");
        }
    }
}

// Returns the links of a page to files of the site. Problem is the error of a broken link, or null.
IEnumerable<(string Page, string Target, string Problem)> LinksOf(string site, string page)
{
    foreach (Match match in Regex.Matches(System.IO.File.ReadAllText(page), "<(?:a|img|link|script)\\b[^>]*?\\s(?:href|src)=\"(?<target>[^\"]+)\""))
    {
        var target = System.Net.WebUtility.HtmlDecode(match.Groups["target"].Value);
        if (Regex.IsMatch(target, "^[a-z]+:|^//"))
        {
            continue;
        }

        var parts = target.Split('#', 2);
        var file = parts[0] == "" ? page : System.IO.Path.GetFullPath(Uri.UnescapeDataString(parts[0].Split('?')[0]), System.IO.Path.GetDirectoryName(page));
        yield return (System.IO.Path.GetRelativePath(site, page), target, !System.IO.File.Exists(file) ? "no such file"
            : parts.Length == 2 && parts[1] != "" && file.EndsWith(".html", StringComparison.Ordinal) && !AnchorsOf(file).Contains(Uri.UnescapeDataString(parts[1])) ? "no such heading" : null);
    }
}

Dictionary<string, HashSet<string>> anchors = [];

HashSet<string> AnchorsOf(string file) => anchors.TryGetValue(file, out var known) ? known
    : anchors[file] = [.. Regex.Matches(System.IO.File.ReadAllText(file), "\\s(?:id|name)=\"(?<id>[^\"]+)\"").Select(match => System.Net.WebUtility.HtmlDecode(match.Groups["id"].Value))];

// Opens every page with diagrams in a browser, because the template renders diagrams there. One invalid diagram prevents the rendering of
// all others on its page.
void CheckDiagrams(string site, string[] pages)
{
    string[] drawn = [.. pages.Where(page => System.IO.File.ReadAllText(page).Contains("lang-mermaid"))];
    if (Context.Tools.Resolve("chromium") is not { } browser)
    {
        if (IsContinuousIntegration())
        {
            throw new CakeException("The diagrams cannot be checked: chromium is not installed.");
        }

        Console.WriteLine($"{drawn.Length} pages with diagrams not opened: chromium is not installed.");
        return;
    }

    using var server = Serve(site, out var address);
    foreach (var page in drawn)
    {
        var path = System.IO.Path.GetRelativePath(site, page).Replace('\\', '/');
        var expected = Regex.Matches(System.IO.File.ReadAllText(page), "lang-mermaid").Count;
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            browser.FullPath, ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom", $"{address}{path}"])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        });
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var kinds = Regex.Matches(process.StandardOutput.ReadToEnd(), "aria-roledescription=\"(?<kind>[^\"]+)\"").Select(match => match.Groups["kind"].Value).ToList();
        if (kinds.Contains("error") || kinds.Count != expected)
        {
            throw new CakeException($"{path}: {kinds.Count(kind => kind != "error")} of {expected} diagrams are drawn. A semicolon in a message ends it; look at the page in a browser.");
        }

        Console.WriteLine($"{path}: {expected} diagrams drawn");
    }
}

// Serves the files of a directory on a free port of loopback. A server is necessary, because browsers do not load modules from file URLs.
IDisposable Serve(string directory, out string address)
{
    using (var free = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0))
    {
        free.Start();
        address = $"http://127.0.0.1:{((System.Net.IPEndPoint)free.LocalEndpoint).Port}/";
    }

    var listener = new System.Net.HttpListener();
    listener.Prefixes.Add(address);
    listener.Start();
    _ = System.Threading.Tasks.Task.Run(async () =>
    {
        while (listener.IsListening)
        {
            var request = await listener.GetContextAsync();
            var file = System.IO.Path.Join(directory, Uri.UnescapeDataString(request.Request.Url.AbsolutePath));
            request.Response.StatusCode = System.IO.File.Exists(file) ? 200 : 404;
            request.Response.ContentType = System.IO.Path.GetExtension(file) switch
            {
                ".js" => "text/javascript", ".css" => "text/css", ".html" => "text/html", ".svg" => "image/svg+xml", ".json" => "application/json", _ => "application/octet-stream",
            };
            if (request.Response.StatusCode == 200)
            {
                await request.Response.OutputStream.WriteAsync(System.IO.File.ReadAllBytes(file));
            }

            request.Response.Close();
        }
    });
    return listener;
}
