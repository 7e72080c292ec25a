import Persistence
import Training

/// The right to do something that only one of several processes on a shared folder should do, for as long as it lives.
///
/// It is a claim like those on trials: it has to give a sign of life from time to time, and passes to another after a long silence.
package struct SoleRight: Sendable {
    private let place: ClaimPlace
    private let watch: ClaimWatch
    private var claim: TrialClaim?

    /// - Parameters:
    ///   - name: what the claim's file begins with.
    ///   - patience: the silence after which a holder counts as over.
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
