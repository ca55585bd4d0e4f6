namespace Chaku.Model.Hub;

/// <summary>Where models come from and where they are kept, as the environment says.</summary>
/// <param name="Endpoint">The Hub's address; it may have a path, as mirrors do.</param>
/// <param name="Token">What shows who asks; null asks as nobody.</param>
/// <param name="CacheFolder">The folder of the cache; it need not exist.</param>
/// <param name="IsOffline">Whether nothing may be asked.</param>
/// <remarks>
/// Variables and their defaults: <c>constants.py</c> and <c>utils/_auth.py</c> of
/// github.com/huggingface/huggingface_hub.
/// </remarks>
internal sealed record HubSettings(Uri Endpoint, string? Token, string CacheFolder, bool IsOffline)
{
    /// <summary>The address without HF_ENDPOINT.</summary>
    public const string DefaultEndpoint = "https://huggingface.co";

    private const int LongestTokenFile = 1 << 16;

    private static readonly string[] Truths = ["1", "ON", "YES", "TRUE"];

    /// <summary>The Hub's address, to which a path is added behind a slash.</summary>
    public string Address => Endpoint.AbsoluteUri.TrimEnd('/');

    /// <summary>The environment of this process.</summary>
    /// <exception cref="HubException">A variable has a value that cannot be.</exception>
    /// <exception cref="IOException">The token's file cannot be read.</exception>
    public static HubSettings FromEnvironment() => From(Environment.GetEnvironmentVariable);

    /// <summary>An environment.</summary>
    /// <param name="variable">The value of a variable; null where it is not set.</param>
    /// <exception cref="HubException">A variable has a value that cannot be.</exception>
    /// <exception cref="IOException">The token's file cannot be read.</exception>
    public static HubSettings From(Func<string, string?> variable) => new(
        EndpointOf(Set(variable, "HF_ENDPOINT") ?? DefaultEndpoint),
        TokenOf(variable),
        CacheFolderOf(variable),
        IsTrue(variable("HF_HUB_OFFLINE")) || IsTrue(variable("TRANSFORMERS_OFFLINE")));

    /// <summary>The folder of the cache in an environment; nothing else of it is looked at.</summary>
    public static string CacheFolderOf(Func<string, string?> variable) => Path.GetFullPath(
        Expanded(Set(variable, "HF_HUB_CACHE") ?? Set(variable, "HUGGINGFACE_HUB_CACHE"))
            ?? Path.Combine(HomeOf(variable), "hub"));

    /// <summary>Whether an address is at the Hub's own host, which the token may reach.</summary>
    public bool IsOwnHost(Uri address) =>
        address.Scheme == Endpoint.Scheme && address.Host == Endpoint.Host && address.Port == Endpoint.Port;

    private static string HomeOf(Func<string, string?> variable) =>
        Expanded(Set(variable, "HF_HOME")) ?? Path.Combine(
            Expanded(Set(variable, "XDG_CACHE_HOME")) ?? Path.Combine(UserFolder, ".cache"), "huggingface");

    private static string UserFolder => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private static string? Set(Func<string, string?> variable, string name) =>
        variable(name) is { Length: > 0 } value ? value : null;

    // What a shell would have made of it, where no shell was between.
    private static string? Expanded(string? path) =>
        path is "~" || path?.StartsWith("~/", StringComparison.Ordinal) == true ? UserFolder + path[1..] : path;

    private static bool IsTrue(string? value) => Truths.Contains(value, StringComparer.OrdinalIgnoreCase);

    private static Uri EndpointOf(string text) =>
        Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out Uri? address)
            && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
            && address.UserInfo.Length + address.Query.Length + address.Fragment.Length == 0
                ? address
                : throw new HubException(
                    $"HF_ENDPOINT is to be an address such as {DefaultEndpoint}, not " +
                    ModelFormatException.Quote(text));

    private static string? TokenOf(Func<string, string?> variable)
    {
        string? text = Set(variable, "HF_TOKEN") ?? Set(variable, "HUGGING_FACE_HUB_TOKEN")
            ?? FromFile(Expanded(Set(variable, "HF_TOKEN_PATH")) ?? Path.Combine(HomeOf(variable), "token"));
        string? token = text?.Replace("\r", "", StringComparison.Ordinal)
            .Replace("\n", "", StringComparison.Ordinal).Trim();
        return string.IsNullOrEmpty(token)
            ? null
            : token.All(letter => letter is > ' ' and <= '~')
                ? token
                : throw new HubException("HF_TOKEN, or the token's file, has characters that no token has");
    }

    private static string? FromFile(string path) => new FileInfo(path) switch
    {
        { Exists: false } => null,
        { Length: > LongestTokenFile } => throw new HubException($"{path} is no token: it is too long"),
        _ => File.ReadAllText(path),
    };
}
