using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;
using Chaku.Model.Files;
using Chaku.Tests;
using Chaku.Training.Estimation;

namespace Chaku.Training.Tests.Estimation;

/// <summary>What the system counts as resident, which only Linux says by file.</summary>
public sealed class ProcessMemoryTests
{
    private const int Rows = 4096;
    private const int Columns = 2048;

    [Fact]
    public void Repacked_weights_are_in_memory_once()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux says which pages of a file are resident");
        TensorFormat format = TensorFormats.FromName("Q8_0")!;
        Assert.SkipUnless(format.Kernel?.Panels is not null, "this processor has no AVX2");
        using TemporaryFolder folder = new();
        string path = folder.Write("weights-in-memory-once", new byte[Rows * format.ByteLength(Columns)]);
        using MappedFile file = MappedFile.Open(path);
        WeightMatrix weight = file.Matrix(format, Rows, Columns, 0);
        using ComputePool pool = new(2);

        Assert.InRange(weight.Repack(pool), weight.ByteLength, weight.ByteLength * 11 / 10);
        Assert.Equal(0, ProcessMemory.ResidentOf(path));

        long sum = 0;
        for (int row = 0; row < Rows; row++)
        {
            sum += weight.Row(row)[0];
        }

        Assert.Equal(0, sum);
        Assert.InRange(ProcessMemory.ResidentOf(path), weight.ByteLength / 2, weight.ByteLength + 65536);
    }
}
