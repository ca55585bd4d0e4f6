namespace Chaku.Kernels.Threading;

/// <summary>
/// Up to three works of one kind in one dispatch, their items in turn: threads wait for each other once.
/// </summary>
internal readonly ref struct JoinedWork<TWork> : IParallelWork
    where TWork : struct, IParallelWork, allows ref struct
{
    private readonly int _secondStart;
    private readonly int _thirdStart;
    private readonly TWork _first;
    private readonly TWork _second;
    private readonly TWork _third;

    /// <summary>Joins works.</summary>
    /// <param name="first">Work; likewise the others.</param>
    /// <param name="firstCount">Its items; 0 for none.</param>
    /// <param name="second">More work.</param>
    /// <param name="secondCount">Its items.</param>
    /// <param name="third">More work.</param>
    /// <param name="thirdCount">Its items.</param>
    public JoinedWork(TWork first, int firstCount, TWork second, int secondCount, TWork third, int thirdCount)
    {
        _first = first;
        _second = second;
        _third = third;
        _secondStart = firstCount;
        _thirdStart = checked(firstCount + secondCount);
        ItemCount = checked(_thirdStart + thirdCount);
    }

    /// <summary>Items of all.</summary>
    public int ItemCount { get; }

    /// <inheritdoc/>
    public void Execute(int index, Scratch scratch)
    {
        if (index < _secondStart)
        {
            _first.Execute(index, scratch);
        }
        else if (index < _thirdStart)
        {
            _second.Execute(index - _secondStart, scratch);
        }
        else
        {
            _third.Execute(index - _thirdStart, scratch);
        }
    }
}
