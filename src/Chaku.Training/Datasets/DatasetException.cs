namespace Chaku.Training.Datasets;

/// <summary>A data set that cannot be trained on; the message names the file, and the line or record.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="innerException">What another reader said of it; may be null.</param>
internal sealed class DatasetException(string message, Exception? innerException = null)
    : Exception(message, innerException);
