import Persistence
import Training

/// The right to do something that only one of several processes on a shared folder should do, for as
/// long as that process runs.
///
/// It works like a claim on a trial: its holder gives a sign of life from time to time, and after a
/// long silence the right passes to another process.
package struct SoleRight: Sendable {
    private let place: ClaimPlace
    private let watch: ClaimWatch
    private var claim: TrialClaim?

    /// - Parameters:
    ///   - name: what the claim's file begins with.
    ///   - patience: the silence after which the holder counts as ended.
    package init(folder: String, name: String, patience: Duration = StudyTiming().patience) {
        place = ClaimPlace(folder: folder, name: "\(name).claim")
        watch = ClaimWatch(patience: patience)
    }

    /// Takes the right where it is free, and gives a sign of life where it is held.
    ///
    /// - Returns: whether this process has it.
    /// - Throws: `FileFault` where the folder cannot be read or written.
    package mutating func hold() throws -> Bool {
        if let claim, claim.isHeld {
            claim.beat()
            return true
        }
        claim = try place.take(watch)
        return claim != nil
    }

    package var isHeld: Bool { claim?.isHeld ?? false }

    /// Gives up the right.
    package mutating func release() {
        claim?.release()
        claim = nil
    }
}
