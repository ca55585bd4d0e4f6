namespace Chaku.Model.Hub;

/// <summary>How files are fetched; what a test replaces is here too.</summary>
internal sealed record DownloadSettings
{
    private const int Unbuffered = 0;

    /// <summary>Parts of a large file that are fetched at once.</summary>
    public int RangeCount { get; init; } = 4;

    /// <summary>Bytes from which a file is large.</summary>
    public long LargeByteLength { get; init; } = 64L << 20;

    /// <summary>Files that are fetched at once.</summary>
    public int FileCount { get; init; } = 4;

    /// <summary>Connections at once, over all files.</summary>
    public int ConnectionCount { get; init; } = 8;

    /// <summary>Bytes of a part after which it is noted how far it is; more are fetched again after a kill.</summary>
    public long NoteByteLength { get; init; } = 16L << 20;

    /// <summary>Attempts without progress after which a file is given up.</summary>
    public int AttemptCount { get; init; } = 6;

    /// <summary>Bytes that count as progress.</summary>
    public long ProgressByteLength { get; init; } = 64 << 10;

    /// <summary>How long nothing may come before a connection counts as cut.</summary>
    public TimeSpan StallTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The first wait between attempts; each further one is twice as long.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait that is our own choice.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait that a server may ask for.</summary>
    public TimeSpan LongestAskedWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Tells the time, and waits.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Told what the user should know, in a sentence.</summary>
    public Action<string> Notice { get; init; } = _ => { };

    /// <summary>Opens the unfinished file for one of several writers; it can seek.</summary>
    public Func<string, Stream> OpenPart { get; init; } = path =>
        new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, Unbuffered);

    /// <summary>Free bytes where a folder is; null where the system does not say.</summary>
    public Func<string, long?> FreeByteLength { get; init; } = FreeSpace.Of;

    /// <summary>What carries the requests; null for the system's network.</summary>
    public HttpMessageHandler? Handler { get; init; }
}
