using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Chaku.Tests;

/// <summary>
/// A Hub on this machine, with a second host that stores the large files. It speaks over bare sockets, so that it can
/// cut a connection at any byte, fall silent, or lie.
/// </summary>
internal sealed class HubServer : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly TcpListener _hub = Listen();
    private readonly TcpListener _storage = Listen();
    private readonly ConcurrentDictionary<string, HubServerModel> _models = new();
    private readonly ConcurrentDictionary<string, byte[]> _stored = new();
    private long _sentByteLength;

    public HubServer()
    {
        _ = AcceptAsync(_hub, isStorage: false);
        _ = AcceptAsync(_storage, isStorage: true);
    }

    public string Endpoint => $"http://127.0.0.1:{Port(_hub)}";

    public string Storage => $"http://127.0.0.1:{Port(_storage)}";

    /// <summary>Every request, in order.</summary>
    public ConcurrentQueue<HubServerRequest> Requests { get; } = new();

    /// <summary>Bytes of bodies that the storage host sent.</summary>
    public long SentByteLength => Interlocked.Read(ref _sentByteLength);

    /// <summary>Asked for each request how it goes wrong; null where it does not.</summary>
    public Func<HubServerRequest, HubServerFault?> Fault { get; set; } = _ => null;

    public HubServerModel Add(HubServerModel model)
    {
        _models[model.Id] = model;
        foreach (byte[] content in model.Files.Values)
        {
            _stored[HubServerModel.Sha256Of(content)] = content;
        }

        return model;
    }

    public void Dispose()
    {
        if (!_end.IsCancellationRequested)
        {
            _end.Cancel();
            _hub.Stop();
            _storage.Stop();
        }
    }

    private static TcpListener Listen()
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static int Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private async Task AcceptAsync(TcpListener listener, bool isStorage)
    {
        try
        {
            while (true)
            {
                TcpClient client = await listener.AcceptTcpClientAsync(_end.Token);
                _ = ServeAsync(client, isStorage);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            return;
        }
    }

    private async Task ServeAsync(TcpClient client, bool isStorage)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                HubServerRequest request = await ReadAsync(stream, isStorage);
                Requests.Enqueue(request);
                HubServerFault fault = Fault(request) ?? new HubServerFault();
                await SendAsync(stream, request, isStorage ? FromStorage(request, fault) : FromHub(request), fault);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
            {
                // The other side has gone, or the test is over.
                return;
            }
        }
    }

    private async Task<HubServerRequest> ReadAsync(NetworkStream stream, bool isStorage)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, _end.Token);
            head.Append((char)one[0]);
        }

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] words = lines[0].Split(' ');
        return new HubServerRequest(isStorage, words[0], words[1], lines.Skip(1)
            .Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0].ToLowerInvariant(), pair => pair[1]));
    }

    private Answer FromHub(HubServerRequest request)
    {
        string[] parts = [.. request.Target.Split('?')[0].Split('/', StringSplitOptions.RemoveEmptyEntries)
            .Select(Uri.UnescapeDataString)];
        if (parts is ["api", "models", var owner, var name, "revision", var revision])
        {
            return Found($"{owner}/{name}", revision, request) is { } listed
                ? Refusal(listed, request, isListing: true) ?? new Answer(200, listed.Listing(), [])
                : NotFound($"{owner}/{name}", request);
        }

        return parts is [var o, var n, "resolve", var commit, ..]
            && Found($"{o}/{n}", commit, request) is { } model
                ? FileOf(model, string.Join('/', parts[4..]), request)
                : NotFound($"{parts.FirstOrDefault()}/{parts.ElementAtOrDefault(1)}", request);
    }

    private HubServerModel? Found(string id, string revision, HubServerRequest request) =>
        _models.TryGetValue(id, out HubServerModel? model) && (revision is "main" || revision == model.Commit)
            && (!model.IsPrivate || request.Authorization == $"Bearer {model.Token}")
                ? model
                : null;

    // What huggingface.co answers: nobody in particular is told nothing, not even by a code.
    private Answer NotFound(string id, HubServerRequest request) =>
        _models.TryGetValue(id, out HubServerModel? model) && !model.IsPrivate
            ? new Answer(404, [], ["X-Error-Code: RevisionNotFound"])
            : request.Authorization is null
                ? new Answer(401, [], ["X-Error-Message: Invalid username or password."])
                : new Answer(404, [], ["X-Error-Code: RepoNotFound", "X-Error-Message: Repository not found"]);

    private static Answer? Refusal(HubServerModel model, HubServerRequest request, bool isListing) =>
        model.IsGated && !isListing && request.Authorization != $"Bearer {model.Token}"
            ? new Answer(request.Authorization is null ? 401 : 403, [], ["X-Error-Code: GatedRepo"])
            : null;

    private Answer FileOf(HubServerModel model, string path, HubServerRequest request)
    {
        if (Refusal(model, request, isListing: false) is { } refusal)
        {
            return refusal;
        }

        if (!model.Files.TryGetValue(path, out byte[]? content))
        {
            return new Answer(404, [], ["X-Error-Code: EntryNotFound"]);
        }

        return HubServerModel.IsLarge(content)
            ? new Answer(302, [],
            [
                $"Location: {Storage}/{HubServerModel.Sha256Of(content)}?signature=x",
                $"X-Repo-Commit: {model.Commit}",
                $"X-Linked-Etag: \"{HubServerModel.Sha256Of(content)}\"",
                $"X-Linked-Size: {content.Length}",
            ])
            : new Answer(
                200, content, [$"ETag: \"{HubServerModel.BlobIdOf(content)}\"", $"X-Repo-Commit: {model.Commit}"]);
    }

    private Answer FromStorage(HubServerRequest request, HubServerFault fault)
    {
        if (!_stored.TryGetValue(request.Target.Split('?')[0].Trim('/'), out byte[]? content))
        {
            return new Answer(404, [], []);
        }

        if (request.Range is not { } range || fault.IgnoresRange)
        {
            return new Answer(200, content, []);
        }

        long[] borders = [.. range["bytes=".Length..].Split('-')
            .Select(text => long.Parse(text, CultureInfo.InvariantCulture))];
        if (borders[0] >= content.Length)
        {
            return new Answer(416, [], [$"Content-Range: bytes */{content.Length}"]);
        }

        int end = (int)Math.Min(borders[1] + 1, content.Length);
        return new Answer(
            206,
            content[(int)borders[0]..end],
            [$"Content-Range: bytes {borders[0]}-{end - 1}/{content.Length}"]);
    }

    private async Task SendAsync(NetworkStream stream, HubServerRequest request, Answer answer, HubServerFault fault)
    {
        byte[] body = [.. fault.Body ?? (fault.Status is null ? answer.Body : [])];
        if (fault.FlipAt is { } flip && flip < body.Length)
        {
            body[flip] ^= 0x10;
        }

        string[] names = [.. fault.Headers.Select(line => line.Split(':')[0])];
        string[] lines =
        [
            $"HTTP/1.1 {fault.Status ?? answer.Status} Said",
            "Connection: close",
            .. fault.IsEndless ? [] : (string[])[$"Content-Length: {body.Length}"],
            .. fault.Status is null ? answer.Headers : [],
        ];
        string head = string.Join("\r\n", lines
            .Where(line => !names.Contains(line.Split(':')[0], StringComparer.OrdinalIgnoreCase))
            .Concat(fault.Headers)) + "\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), _end.Token);
        int length = request.Method == "HEAD" ? 0 : (int)Math.Min(fault.CutAfter ?? body.Length, body.Length);
        await stream.WriteAsync(body.AsMemory(0, length), _end.Token);
        if (request.IsStorage)
        {
            Interlocked.Add(ref _sentByteLength, length);
        }

        while (fault.IsEndless)
        {
            await stream.WriteAsync(new byte[1 << 16], _end.Token);
        }

        if (fault.Stalls)
        {
            await Task.Delay(Timeout.Infinite, _end.Token);
        }
    }

    private sealed record Answer(int Status, byte[] Body, string[] Headers);
}
