namespace Chaku.Model.Hub;

/// <summary>A model cannot be had from the Hub or from its cache; the message says what would help.</summary>
/// <param name="message">What is wrong, in one line.</param>
/// <param name="innerException">What led to it; may be null.</param>
internal sealed class HubException(string message, Exception? innerException = null)
    : Exception(message, innerException);
