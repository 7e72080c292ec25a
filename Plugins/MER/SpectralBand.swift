import Glibc
import Tensors

/// The values that the spectral term can take for a batch of `N` samples and `D` features.
///
/// A correlation matrix of `N` centered samples has at most `r = min(N − 1, D)` eigenvalues above 0, and they sum to its trace `T`. The
/// term is smallest where all `r` are equal and largest where there is only one:
///
///     lower = −(r log(T/r + ε) + (D − r) log ε)/D        upper = −(log(T + ε) + (D − 1) log ε)/D
///
/// For `N ≤ D` the two are close together, since the other `D − r` eigenvalues are always `ε`: `N = 48`, `D = 2304`, `ε = 1e-4` gives
/// [8.943, 9.203]. The loss itself says little there; its place in the band does.
public struct SpectralBand: Sendable, Hashable {
    /// The smallest attainable value: a flat spectrum.
    public let lower: Double

    /// The largest attainable value: a spectrum of one direction.
    public let upper: Double

    /// - Parameters:
    ///   - samples: `N`, at least 2.
    ///   - features: `D`, at least 1.
    ///   - estimator: gives the trace `T`: `D` for the paper's unit diagonal, at most `D·N/(N−1)` for the released program's.
    public init(samples: Int, features: Int, epsilon: Double, estimator: MER.Estimator = .paper) {
        require(samples >= 2 && features >= 1, "SpectralBand: \(samples) samples of \(features) features have no spectrum")
        let (n, d) = (Double(samples), Double(features))
        let trace = estimator == .paper ? d : d * n / (n - 1)
        let rank = min(n - 1, d)
        lower = -(rank * log(trace / rank + epsilon) + (d - rank) * log(epsilon)) / d
        upper = -(log(trace + epsilon) + (d - 1) * log(epsilon)) / d
    }

    /// Where a value lies in the band: 0 at its lower end, 1 at its upper end; 0 where the band is a single point.
    ///
    /// Constant columns take from the trace, so a batch that has some may lie above 1.
    public func normalizedGap(of spectral: Double) -> Double {
        upper - lower > 1e-12 ? (spectral - lower) / (upper - lower) : spectral.isNaN ? .nan : 0
    }
}
