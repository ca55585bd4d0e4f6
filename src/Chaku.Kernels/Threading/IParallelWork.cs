namespace Chaku.Kernels.Threading;

/// <summary>
/// Work split into independent items at places that do not depend on the number of threads. Implemented by ref structs
/// that hold the operation's spans.
/// </summary>
internal interface IParallelWork
{
    /// <summary>Does one item.</summary>
    /// <param name="index">The item.</param>
    /// <param name="scratch">The executing thread's scratch memory, empty at the start of each item.</param>
    void Execute(int index, Scratch scratch);
}
