using Chaku.Training.Estimation;

namespace Chaku.Training.Tests.Estimation;

public sealed class PowerMeterTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("chaku-test");
    private readonly Clock _clock = new();

    [Fact]
    public void Counters_of_all_packages_are_added_and_their_parts_are_not()
    {
        Write("intel-rapl:0", 1_000_000, 5_000_000);
        Write("intel-rapl:1", 0, 5_000_000);
        Write("intel-rapl:0:0", 0, 5_000_000);
        PowerMeter meter = Start(new Tariff());

        Write("intel-rapl:0", 4_000_000, 5_000_000);
        Write("intel-rapl:1", 500_000, 5_000_000);
        Write("intel-rapl:0:0", 900_000, 5_000_000);
        _clock.Seconds = 2;
        RunCost cost = meter.Read();

        Assert.Equal(EnergySource.Measured, cost.Source);
        Assert.Equal(3.5, cost.Joules, 1e-9);
        Assert.Equal(1.75, cost.Watts, 1e-9);
    }

    [Fact]
    public void A_counter_that_begins_again_goes_on()
    {
        Write("intel-rapl:0", 4_900_000, 5_000_000);
        PowerMeter meter = Start(new Tariff());

        Write("intel-rapl:0", 100_000, 5_000_000);
        meter.Sample();
        Write("intel-rapl:0", 300_000, 5_000_000);

        Assert.Equal(0.4, meter.Read().Joules, 1e-9);
    }

    [Fact]
    public void Without_counters_it_is_an_upper_bound()
    {
        PowerMeter meter = Start(new Tariff());
        _clock.Seconds = 10;
        RunCost cost = meter.Read();

        Assert.Equal(EnergySource.UpperBound, cost.Source);
        Assert.Equal(10 * 3 * Tariff.WattsPerThread * Tariff.PowerUsageEffectiveness, cost.Joules, 1e-9);
    }

    [Fact]
    public void A_counter_that_cannot_be_read_is_none()
    {
        Write("intel-rapl:0", 1, 5_000_000);
        Directory.CreateDirectory(Path.Combine(_root.FullName, "sys/class/powercap/intel-rapl:1"));

        Assert.Equal(EnergySource.UpperBound, Start(new Tariff()).Read().Source);
    }

    [Fact]
    public void Watts_that_the_user_names_hold_even_beside_counters()
    {
        Write("intel-rapl:0", 1, 5_000_000);
        PowerMeter meter = Start(new Tariff { Watts = 60 });
        _clock.Seconds = 10;
        RunCost cost = meter.Read();

        Assert.Equal(EnergySource.Given, cost.Source);
        Assert.Equal(600, cost.Joules, 1e-9);
    }

    [Fact]
    public void Money_is_energy_and_rent()
    {
        Tariff tariff = new() { PricePerKilowattHour = 0.4, PricePerHour = 2 };
        RunCost cost = new(1800, 3.6e6, EnergySource.Given, tariff);

        Assert.Equal(1, cost.KilowattHours, 1e-12);
        Assert.Equal(0.4 + 1, cost.Money, 1e-12);
        Assert.Equal(2 * cost.Money, cost.Over(3600).Money, 1e-12);
    }

    [Fact]
    public void A_tariff_below_nothing_is_at_fault()
    {
        Assert.Null(new Tariff().Fault);
        Assert.NotNull(new Tariff { Watts = 0 }.Fault);
        Assert.NotNull(new Tariff { Watts = double.NaN }.Fault);
        Assert.NotNull(new Tariff { PricePerHour = -1 }.Fault);
        Assert.NotNull(new Tariff { PricePerKilowattHour = double.PositiveInfinity }.Fault);
    }

    public void Dispose() => _root.Delete(recursive: true);

    private PowerMeter Start(Tariff tariff) => new(tariff, threadCount: 3, _root.FullName, _clock);

    private void Write(string zone, long microjoules, long range)
    {
        string folder = Path.Combine(_root.FullName, "sys/class/powercap", zone);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "energy_uj"), $"{microjoules}\n");
        File.WriteAllText(Path.Combine(folder, "max_energy_range_uj"), $"{range}\n");
    }

    private sealed class Clock : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => (long)(Seconds * TimestampFrequency);
    }
}
