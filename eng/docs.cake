// Builds the site: the API reference from the libraries' documentation, and the guides, with docfx. Warnings and broken links fail the target.
using System.Text.RegularExpressions;

const string DocfxVersion = "2.81.0";

Task("docs")
    .Description("builds the API reference and the guides into artifacts/docs/site")
    .Does(() =>
{
    var work = artifacts.Combine("docs");
    var source = work.Combine("source");
    CleanDirectory(work);
    StageGuides(source);
    StageLibraries(source);
    // 490 MB on disk: not among the tools that every build restores.
    var tool = artifacts.Combine("tools/docfx");
    if (!FileExists(tool.CombineWithFilePath("docfx")) && Run("dotnet", "tool", "install", "docfx", "--version", DocfxVersion, "--tool-path", tool.FullPath, "--verbosity", "quiet") != 0)
    {
        throw new CakeException($"docfx {DocfxVersion} cannot be installed; the reason is above.");
    }

    if (Run(tool.CombineWithFilePath("docfx").FullPath, source.CombineWithFilePath("docfx.json").FullPath, "--warningsAsErrors", "--logLevel", "warning") != 0)
    {
        throw new CakeException("docfx reports errors or warnings; they are above.");
    }

    var site = work.Combine("site").FullPath;
    var pages = System.IO.Directory.GetFiles(site, "*.html", System.IO.SearchOption.AllDirectories);
    var links = pages.SelectMany(page => LinksOf(site, page)).ToList();
    var broken = links.Where(link => link.Problem is not null).Select(link => $"{link.Page}: {link.Target}: {link.Problem}").Distinct().ToList();
    broken.ForEach(Console.Error.WriteLine);
    Console.WriteLine($"artifacts/docs/site/index.html: {pages.Length:N0} pages, {links.Count:N0} links inside the site, {broken.Count} broken");
    if (broken.Count > 0)
    {
        throw new CakeException($"{broken.Count} links of the site are broken.");
    }

    CheckDiagrams(site, pages);
});

// Copies the documents, and makes links that leave them links to the repository.
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

    // Pictures and the like.
    foreach (var file in System.IO.Directory.GetFiles("docs", "*", System.IO.SearchOption.AllDirectories).Where(file => !file.EndsWith(".md", StringComparison.Ordinal)))
    {
        var target = source.CombineWithFilePath(file).FullPath;
        System.IO.Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target));
        System.IO.File.Copy(file, target);
    }

    // In the order of README's table of documents; the others follow.
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

// Applies a change to the text of a document, but not to its blocks of code.
string OutsideCode(string text, Func<string, string> change) => string.Concat(Regex.Split(text, "(^```.*?^```)", RegexOptions.Multiline | RegexOptions.Singleline)
    .Select(part => part.StartsWith("```", StringComparison.Ordinal) ? part : change(part)));

void WriteContents(DirectoryPath source, string directory, IEnumerable<string> documents) => System.IO.File.WriteAllLines(
    source.CombineWithFilePath($"{directory}/toc.yml").FullPath,
    documents.SelectMany(document => (string[])
    [
        $"- name: \"{System.IO.File.ReadLines(document).First().TrimStart('#', ' ').Replace("`", "").Replace("\"", "'")}\"",
        $"  href: {System.IO.Path.GetRelativePath(directory, document)}",
    ]));

// docfx reads the assemblies, their documentation and all that they refer to.
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

// The links of a page to files of the site, each with what is wrong with it, or null.
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

// Opens every page with diagrams in a browser: the template draws them there, and one that is wrong keeps the others from being drawn.
void CheckDiagrams(string site, string[] pages)
{
    string[] drawn = [.. pages.Where(page => System.IO.File.ReadAllText(page).Contains("lang-mermaid"))];
    if (Context.Tools.Resolve("chromium") is not { } browser)
    {
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

// Serves the files of a directory on a free port of loopback: browsers load no modules from files.
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
