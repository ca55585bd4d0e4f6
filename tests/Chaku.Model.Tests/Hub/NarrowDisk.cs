namespace Chaku.Model.Tests.Hub;

/// <summary>A file on a disk that takes so many bytes more, from all writers together.</summary>
/// <param name="path">The file.</param>
/// <param name="room">Takes bytes away from what is left; false where they do not fit.</param>
internal sealed class NarrowDisk(string path, Func<int, bool> room) : Stream
{
    private readonly FileStream _file = new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);

    public override bool CanRead => false;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => _file.Length;

    public override long Position
    {
        get => _file.Position;
        set => _file.Position = value;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!room(buffer.Length))
        {
            throw new IOException("No space left on device");
        }

        _file.Write(buffer);
    }

    public override void Flush() => _file.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => _file.Seek(offset, origin);

    public override void SetLength(long value) => _file.SetLength(value);

    protected override void Dispose(bool disposing)
    {
        _file.Dispose();
        base.Dispose(disposing);
    }
}
