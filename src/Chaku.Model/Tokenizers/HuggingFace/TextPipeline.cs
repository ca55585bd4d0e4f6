using Chaku.Model.Tokenizers.HuggingFace.Decoders;
using Chaku.Model.Tokenizers.HuggingFace.Normalisers;
using Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>The steps between text and tokens.</summary>
/// <param name="Normaliser">Rewrites text; null where nothing does.</param>
/// <param name="PreTokeniser">Cuts text; null where nothing does.</param>
/// <param name="Encoder">Turns pieces into tokens.</param>
/// <param name="Decoder">Turns a token's spelling into its bytes.</param>
internal sealed record TextPipeline(
    TextNormaliser? Normaliser, PieceStep? PreTokeniser, PieceEncoder Encoder, TokenDecoder Decoder);
