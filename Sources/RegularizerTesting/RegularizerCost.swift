import Glibc
import Networks
import Regularization
import Tensors

/// How long a regularizer's part of a step takes, against the number of samples and the width of the
/// embeddings.
///
/// Each time is the median of several runs of all hooks with the backward pass of the penalty, without
/// the encoders. An exponent is the slope of a line through the logarithms: 2 means that twice the size
/// takes four times as long. On small batches the constant part hides the growing one.
public struct RegularizerCost: Sendable, CustomStringConvertible {
    /// One measured size.
    public struct Point: Sendable {
        /// The number of samples, `N`.
        public let samples: Int
        /// The width of each modality's embedding, `D`.
        public let width: Int
        /// The median time of one step's work, in seconds.
        public let seconds: Double
    }

    /// The times against `N`, at the smallest `D`.
    public let bySamples: [Point]

    /// The times against `D`, at the smallest `N`.
    public let byWidth: [Point]

    /// Measures a regularizer on random embeddings.
    ///
    /// - Parameters:
    ///   - samples: the numbers of samples, ascending; the smallest is at least the regularizer's
    ///     smallest batch.
    ///   - widths: the widths of the embeddings, ascending.
    ///   - modalities: the number of modalities, 1 to 4.
    ///   - repetitions: how many runs the median of each size is taken over; one more run before them
    ///     is not counted.
    ///   - make: makes the regularizer for a model.
    /// - Throws: what `make` throws, and `TrainingFailure` where the regularizer returns something that
    ///   does not fit.
    ///
    /// ```swift
    /// let cost = try RegularizerCost.measure { try MER(options: .init(), context: $0) }
    /// print(cost)                                  // N^1.9, D^0.8; …
    /// ```
    public static func measure(
        samples: [Int] = [32, 64, 128, 256], widths: [Int] = [64, 128, 256, 512], modalities: Int = 2, repetitions: Int = 5,
        make: (RegularizerContext) throws -> any Regularizer
    ) throws -> RegularizerCost {
        guard let fewest = samples.first, let narrowest = widths.first else { return RegularizerCost(bySamples: [], byWidth: []) }
        func time(_ samples: Int, _ width: Int) throws -> Point {
            let scenario = Scenario("cost", samples: samples, widths: .init(repeating: width, count: modalities))
            let model = LinearModel(scenario)
            let term = RegularizerTerm(try make(.sample(scenario, model: model)), instance: "cost", totalSteps: 10)
            let objective = Objective(model, RegularizerList([term]), totalSteps: 10)
            let batch = SampleBatch(scenario, model: model)
            // The first pass fills caches and is not counted.
            let times = try (0...repetitions).map { try seconds(of: term, in: objective, on: batch, step: $0) }.dropFirst().sorted()
            return Point(samples: samples, width: width, seconds: times[times.startIndex + times.count / 2])
        }
        return RegularizerCost(
            bySamples: try samples.map { try time($0, narrowest) }, byWidth: try widths.map { try time(fewest, $0) })
    }

    /// The exponent of `N`; nil for fewer than two numbers of samples.
    public var exponentOfSamples: Double? { Self.slope(bySamples.map { (Double($0.samples), $0.seconds) }) }

    /// The exponent of `D`; nil for fewer than two widths.
    public var exponentOfWidth: Double? { Self.slope(byWidth.map { (Double($0.width), $0.seconds) }) }

    /// A summary such as `N^1.1, D^0.9; 0.12 ms at N = 256, D = 64`.
    public var description: String {
        let exponents = [exponentOfSamples.map { "N^\(rounded($0))" }, exponentOfWidth.map { "D^\(rounded($0))" }].compactMap { $0 }
        let largest = bySamples.last.map { "\(short($0.seconds * 1e3)) ms at N = \($0.samples), D = \($0.width)" }
        return [exponents.joined(separator: ", "), largest ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
    }

    /// The measured sizes in words: `N 32–256, D 64–512`.
    var sizes: String {
        guard let first = bySamples.first, let last = bySamples.last, let narrowest = byWidth.first, let widest = byWidth.last else { return "" }
        return "N \(first.samples)–\(last.samples), D \(narrowest.width)–\(widest.width)"
    }

    /// An exponent with one decimal.
    private func rounded(_ exponent: Double) -> Double { (exponent * 10).rounded() / 10 }

    /// The seconds of one run of all hooks of the term.
    private static func seconds(of term: RegularizerTerm, in objective: Objective, on sample: SampleBatch, step: Int) throws -> Double {
        let pass = Pass(isTraining: true, random: RandomSource(seed: 3), step: step)
        let batch = Batch(inputs: sample.inputs, targets: sample.targets, domains: sample.domains)
        let forward = try objective.forward(batch, pass)
        let gradients = objective.gradients(of: forward.loss)
        let started = ContinuousClock.now
        try objective.passThrough(term, forward, gradients: gradients, batch)
        return started.duration(to: .now) / .seconds(1)
    }

    /// The slope of the least-squares line through the logarithms.
    private static func slope(_ points: [(size: Double, seconds: Double)]) -> Double? {
        let logarithms = points.filter { $0.size > 0 && $0.seconds > 0 }.map { (x: log($0.size), y: log($0.seconds)) }
        guard logarithms.count >= 2 else { return nil }
        let count = Double(logarithms.count)
        let (meanX, meanY) = (logarithms.reduce(0) { $0 + $1.x } / count, logarithms.reduce(0) { $0 + $1.y } / count)
        let spread = logarithms.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
        return spread > 0 ? logarithms.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) } / spread : nil
    }
}
