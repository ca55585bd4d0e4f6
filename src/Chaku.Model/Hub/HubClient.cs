using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;

namespace Chaku.Model.Hub;

/// <summary>Speaks to the Hub: the list of a model's files, and their bytes. One attempt each.</summary>
/// <remarks>
/// Protocol: <c>file_download.py</c>, <c>hf_api.py</c> and <c>utils/_http.py</c> of
/// github.com/huggingface/huggingface_hub, and <c>file-download-info.ts</c> of huggingface.js. Redirects are followed
/// here and not by the system, because the token must not reach the host that stores the files.
/// </remarks>
internal sealed class HubClient : IDisposable
{
    private const int MostRedirects = 10;
    private const int LargestListing = 32 << 20;
    private const string Identity = "identity";

    private readonly HubSettings _hub;
    private readonly DownloadSettings _settings;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _connections;

    /// <summary>Opens nothing yet.</summary>
    public HubClient(HubSettings hub, DownloadSettings settings)
    {
        _hub = hub;
        _settings = settings;
        _connections = new SemaphoreSlim(settings.ConnectionCount);
        _http = new HttpClient(settings.Handler ?? CreateHandler(), disposeHandler: settings.Handler is null)
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue(
            "chaku", typeof(HubClient).Assembly.GetName().Version?.ToString(3)));
        _http.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue(Identity));
    }

    /// <summary>The request that a file's bytes are, for messages.</summary>
    public HubRequest RequestOf(HubName name, string revision, string? path) =>
        new(_hub, name, revision, path);

    /// <summary>The list of a model's files at a revision.</summary>
    /// <exception cref="ConnectionException">Another attempt may succeed.</exception>
    /// <exception cref="HubException">It is refused, or no list.</exception>
    public async Task<HubListing> ListAsync(HubName name, string revision, CancellationToken cancellation)
    {
        Uri address = Address($"api/models/{name}/revision/{Uri.EscapeDataString(revision)}?blobs=true");
        using HttpResponseMessage response = await SendAsync(HttpMethod.Get, address, null, cancellation);
        HubRequest request = RequestOf(name, revision, null);
        request.Check(response, _settings.Clock);
        byte[] answer = await ReadAllAsync(response, cancellation);
        try
        {
            return HubListing.Parse("the answer", answer);
        }
        catch (ModelFormatException exception)
        {
            throw new HubException(
                $"{_hub.Address} does not answer with a list of the files of {name}: {exception.Message}", exception);
        }
    }

    /// <summary>What the headers of a file say, where the list is silent.</summary>
    /// <param name="name">The model.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="file">The file, its path checked.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="ConnectionException">Another attempt may succeed.</exception>
    /// <exception cref="HubException">It is refused, or the headers have no length or no hash.</exception>
    public async Task<HubFile> DescribeAsync(
        HubName name, string commit, ListedFile file, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await SendAsync(
            HttpMethod.Head, AddressOf(name, commit, file.Path), null, cancellation);
        bool isAway = IsRedirect(response);
        if (!isAway)
        {
            RequestOf(name, commit, file.Path).Check(response, _settings.Clock);
        }

        string? etag = HubHeaders.Find(response, HubHeaders.LinkedEtag)
            ?? (isAway ? null : HubHeaders.Find(response, "ETag"));
        long? length = long.TryParse(
            HubHeaders.Find(response, HubHeaders.LinkedSize),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out long linked)
                ? linked
                : isAway ? null : response.Content.Headers.ContentLength;
        FileDigest? known = file.Digest ?? FileDigest.TryParse(etag);
        return known is { } digest && (file.ByteLength ?? length) is { } byteLength
            ? new HubFile(file.Path, byteLength, digest)
            : throw new HubException(
                $"{_hub.Address} gives no length and hash of {name}/{file.Path}, without which it cannot be checked");
    }

    /// <summary>Begins to fetch a file or a part of it; the answer's body is not read yet.</summary>
    /// <param name="name">The model.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="path">The file, checked.</param>
    /// <param name="range">The bytes; null for all.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="ConnectionException">Another attempt may succeed.</exception>
    /// <exception cref="HubException">It is refused.</exception>
    public async Task<HttpResponseMessage> OpenAsync(
        HubName name, string commit, string path, RangeHeaderValue? range, CancellationToken cancellation)
    {
        HttpResponseMessage response = await SendAsync(
            HttpMethod.Get, AddressOf(name, commit, path), range, cancellation);
        try
        {
            RequestOf(name, commit, path).Check(response, _settings.Clock);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Reads some of a body.</summary>
    /// <returns>How many bytes; 0 at the end.</returns>
    /// <exception cref="ConnectionException">The connection was cut, or nothing came for too long.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Task<int> ReadAsync(Stream body, Memory<byte> bytes, CancellationToken cancellation) =>
        GuardAsync(async stall => await body.ReadAsync(bytes, stall), cancellation);

    /// <summary>Waits until another connection may be opened.</summary>
    /// <returns>What gives the place back.</returns>
    public async Task<IDisposable> TakePlaceAsync(CancellationToken cancellation)
    {
        await _connections.WaitAsync(cancellation);
        return new Place(_connections);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _connections.Dispose();
    }

    private static SocketsHttpHandler CreateHandler() => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(20),
        MaxResponseDrainSize = 0,
        UseCookies = false,
    };

    private Uri AddressOf(HubName name, string commit, string path) => Address(
        $"{name}/resolve/{commit}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}");

    private Uri Address(string relative) => new($"{_hub.Address}/{relative}");

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, Uri start, RangeHeaderValue? range, CancellationToken cancellation)
    {
        Uri address = start;
        for (int hop = 0; hop <= MostRedirects; hop++)
        {
            HttpResponseMessage response = await SendOnceAsync(method, address, range, cancellation);
            if (!IsRedirect(response))
            {
                return response;
            }

            _ = Uri.TryCreate(address, response.Headers.Location, out Uri? next);
            if (method == HttpMethod.Head && next is not null && !_hub.IsOwnHost(next))
            {
                return response;
            }

            response.Dispose();
            address = next is not null && IsAllowed(address, next)
                ? next
                : throw new HubException($"{address.Host} redirects to no address that is followed: {next}");
        }

        throw new HubException($"{start.Host} redirects more than {MostRedirects} times: {start.AbsolutePath}");
    }

    private Task<HttpResponseMessage> SendOnceAsync(
        HttpMethod method, Uri address, RangeHeaderValue? range, CancellationToken cancellation) => GuardAsync(
        async stall =>
        {
            using HttpRequestMessage request = new(method, address);
            request.Headers.Range = range;
            if (_hub.IsOwnHost(address) && _hub.Token is { } token)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall);
        },
        cancellation);

    // Tells the network's failures from everything else, and takes silence for one.
    private async Task<T> GuardAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        using CancellationTokenSource stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stall.CancelAfter(_settings.StallTime);
        try
        {
            return await work(stall.Token);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new ConnectionException(
                string.Create(
                    CultureInfo.InvariantCulture, $"nothing came for {_settings.StallTime.TotalSeconds:0.#} s"),
                innerException: exception);
        }
        catch (HttpRequestException exception) when (exception.InnerException is AuthenticationException)
        {
            throw new HubException($"no secure connection: {Innermost(exception).Message}", exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new ConnectionException(Describe(exception), innerException: exception);
        }
    }

    private async Task<byte[]> ReadAllAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        using MemoryStream all = new();
        using Stream body = await GuardAsync(response.Content.ReadAsStreamAsync, cancellation);
        byte[] bytes = new byte[1 << 16];
        while (await ReadAsync(body, bytes, cancellation) is > 0 and int count)
        {
            if (all.Length + count > LargestListing)
            {
                throw new HubException($"the list of files is longer than {LargestListing} bytes");
            }

            all.Write(bytes, 0, count);
        }

        return response.Content.Headers.ContentLength is { } length && length != all.Length
            ? throw new ConnectionException($"the list of files ended after {all.Length} of {length} bytes")
            : all.ToArray();
    }

    // What began encrypted stays so.
    private static bool IsAllowed(Uri from, Uri to) =>
        to.Scheme == Uri.UriSchemeHttps || (to.Scheme == Uri.UriSchemeHttp && from.Scheme == Uri.UriSchemeHttp);

    private static bool IsRedirect(HttpResponseMessage response) => response.StatusCode
        is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    private static Exception Innermost(Exception exception) => exception.GetBaseException();

    // The outer message has the host; of what happens later only the inner one says anything.
    private static string Describe(Exception exception) => exception is HttpRequestException
    {
        HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError,
    }
        ? exception.Message
        : Innermost(exception).Message.TrimEnd('.');

    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
