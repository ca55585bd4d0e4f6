namespace Chaku.Model.Files;

/// <summary>An array in a file's metadata.</summary>
/// <param name="ElementType">The type of every element; an empty array has one too.</param>
/// <param name="Items">
/// <c>byte[][]</c> for strings (their bytes, which need not be valid UTF-8), <c>GgufArray[]</c> for arrays, else an
/// array of the type that <see cref="GgufScalar"/> names.
/// </param>
internal sealed record GgufArray(GgufValueType ElementType, Array Items);
