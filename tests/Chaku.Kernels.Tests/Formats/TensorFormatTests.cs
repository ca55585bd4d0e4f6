namespace Chaku.Kernels.Tests.Formats;

public sealed class F32Tests() : TensorFormatSuite("F32");

public sealed class F16Tests() : TensorFormatSuite("F16");

public sealed class BF16Tests() : TensorFormatSuite("BF16");

public sealed class Q4_0Tests() : QuantFormatSuite("Q4_0");

public sealed class Q4_1Tests() : QuantFormatSuite("Q4_1");

public sealed class Q5_0Tests() : QuantFormatSuite("Q5_0");

public sealed class Q5_1Tests() : QuantFormatSuite("Q5_1");

public sealed class Q8_0Tests() : QuantFormatSuite("Q8_0");

public sealed class Q2_KTests() : QuantFormatSuite("Q2_K");

public sealed class Q3_KTests() : QuantFormatSuite("Q3_K");

public sealed class Q4_KTests() : QuantFormatSuite("Q4_K");

public sealed class Q5_KTests() : QuantFormatSuite("Q5_K");

public sealed class Q6_KTests() : QuantFormatSuite("Q6_K");
