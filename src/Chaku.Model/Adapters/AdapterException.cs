namespace Chaku.Model.Adapters;

/// <summary>
/// An adapter that cannot be used or made, with the reason in one line: choose another, or other targets.
/// </summary>
/// <param name="message">What is wrong.</param>
/// <param name="innerException">What another reader said of it; may be null.</param>
internal sealed class AdapterException(string message, Exception? innerException = null)
    : Exception(message, innerException);
