import Glibc
import Tensors

/// The singular values of a matrix of embeddings, and how many directions they say are in use.
///
/// ```
/// p_i = σ_i / Σ_j σ_j        RankMe = exp(−Σ_i p_i log p_i)        participation = (Σ σ_i²)² / Σ σ_i⁴
/// ```
///
/// RankMe is Eq. 3 of the MER-DG paper and, with 10⁻⁷ added to each `p_i`, the form of Garrido et al.
/// (2023); it does not center the embeddings. The effective rank of Roy and Vetterli (2007) is the same
/// function of the centered embeddings' singular values.
///
/// The cost is `O(N D min(N, D))`; a tall matrix is worked on in blocks of rows.
public struct Spectrum: Sendable, Hashable {
    /// The `min(N, D)` singular values σ, in descending order.
    public let singularValues: [Double]

    /// - Parameters:
    ///   - embeddings: `N×D`.
    ///   - centering: whether the columns' means are taken off first.
    /// - Throws: `Undefined` where a value is not finite, or where all are 0 (or, when centering,
    ///   constant).
    public init(of embeddings: Tensor, centering: Bool = false) throws(Undefined) {
        let matrix = try SampleMatrix(embeddings, minimum: centering ? 2 : 1)
        try self.init((centering ? matrix.centered : matrix).singularValues(), isCentered: centering)
    }

    private init(_ singularValues: [Double], isCentered: Bool) throws(Undefined) {
        guard let largest = singularValues.first, largest > 0 else {
            throw Undefined(isCentered ? "all samples have the same embedding" : "all embeddings are 0")
        }
        self.singularValues = singularValues
    }

    /// The spectrum of embeddings as they are and that of the centered ones, for little more than one of them.
    ///
    /// - Parameter embeddings: `N×D`.
    /// - Returns: each, or why it has no value; the reasons are those of ``init(of:centering:)``.
    static func plainAndCentered(
        of embeddings: Tensor
    ) -> (plain: Result<Spectrum, Undefined>, centered: Result<Spectrum, Undefined>) {
        do throws(Undefined) {
            let matrix = try SampleMatrix(embeddings)
            // One sample is equal to itself, which says nothing about embeddings.
            guard matrix.rows > 1 else {
                return (.attempt { try Spectrum(of: embeddings) }, .attempt { try Spectrum(of: embeddings, centering: true) })
            }
            let found = try matrix.singularValuesPlainAndCentered()
            return (
                .attempt { try Spectrum(found.plain, isCentered: false) }, .attempt { try Spectrum(found.centered, isCentered: true) }
            )
        } catch {
            return (.failure(error), .failure(error))
        }
    }

    /// `σ_i/Σσ`, adding up to 1.
    private var shares: [Double] {
        let sum = singularValues.reduce(0, +)
        return singularValues.map { $0 / sum }
    }

    /// `exp(−Σ p log p)` of the singular values' shares, between 1 and `min(N, D)`: RankMe, or the
    /// effective rank of centered embeddings.
    public var rank: Double { rank(adding: 0) }

    /// The same with a small number added to each share, as in the published program for RankMe (10⁻⁷).
    ///
    /// - Parameter epsilon: added to every share before the logarithm; shares then add up to a little
    ///   more than 1.
    public func rank(adding epsilon: Double) -> Double {
        exp(
            shares.reduce(0) { sum, share in
                let p = share + epsilon
                return p > 0 ? sum - p * log(p) : sum
            })
    }

    /// `(Σσ²)²/Σσ⁴`: the number of directions among which the squared singular values would be shared
    /// equally.
    public var participation: Double {
        let squares = singularValues.map { $0 * $0 }
        let sum = squares.reduce(0, +)
        return sum * sum / squares.reduce(0) { $0 + $1 * $1 }
    }

    /// `log(σ_i/σ_1)`, descending from 0: the curve of the paper's Figure 2. It ends before singular
    /// values that are 0 but for rounding.
    public var logNormalized: [Double] {
        let largest = singularValues[0]
        return singularValues.prefix { $0 > largest * 0x1p-48 }.map { log($0 / largest) }
    }
}
