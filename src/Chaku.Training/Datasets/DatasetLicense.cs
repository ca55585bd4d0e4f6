using Chaku.Model.Licenses;

namespace Chaku.Training.Datasets;

/// <summary>Finds the terms that a data set is under.</summary>
internal static class DatasetLicense
{
    /// <summary>
    /// What is stated: by the user; else in the file; else in the card or the licence's text beside it. Null where
    /// nothing is.
    /// </summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="stated">What the user says; may be null.</param>
    public static StatedLicense? Find(Dataset dataset, string? stated)
    {
        if (!string.IsNullOrWhiteSpace(stated))
        {
            return new StatedLicense(stated, "as you state it");
        }

        if (dataset.License is { } own)
        {
            return new StatedLicense(own, Path.GetFileName(dataset.Path));
        }

        return StatedLicense.InFolder(Directory.Exists(dataset.Path)
            ? dataset.Path
            : Path.GetDirectoryName(Path.GetFullPath(dataset.Path)) ?? ".");
    }
}
