namespace Chaku.Training;

/// <summary>A training run cannot go on; the message says why, in one line.</summary>
/// <param name="message">What is wrong, with its numbers.</param>
public class TrainingException(string message) : Exception(message);
