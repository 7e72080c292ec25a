import Results
import TestSupport

extension TemporaryFolder {
    /// The folder as a run's.
    var run: RunFolder { RunFolder(url) }
}
