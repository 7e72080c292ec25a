import Tensors

/// How inputs are brought to a common scale.
public enum StandardizationRule: String, CaseIterable, Sendable {
    /// Inputs are left as they are.
    case none
    /// One mean and one deviation for all values of a modality: directions of small variance stay
    /// small.
    case scale
    /// A mean and a deviation for every channel (the last axis).
    case channel
}

/// Means and deviations of every modality, measured on training rows of source domains only: nothing of
/// the held-out domain enters them.
///
/// They are applied to every input before it reaches the model, `(x − mean) / deviation`, and saved
/// with checkpoints. Missing rows and padding are not measured.
public struct Standardization: Hashable, Sendable, Codable {
    /// What is subtracted from a modality and what it is then divided by: one value, or one per
    /// channel.
    public struct Scale: Hashable, Sendable, Codable {
        /// What is subtracted from each channel.
        public let means: [Float]
        /// Population standard deviations; 1 where a channel is constant.
        ///
        /// Constant means: a variance below 10⁻¹² of the squared mean, or below 10⁻³⁰.
        public let deviations: [Float]

        /// - Parameters:
        ///   - means: one, or one for each channel.
        ///   - deviations: as many, none of them 0.
        init(means: [Float], deviations: [Float]) { (self.means, self.deviations) = (means, deviations) }

        private enum Key: String, CodingKey { case means, deviations }

        /// Reads a scale of a checkpoint, which may come from anywhere.
        ///
        /// - Throws: `DecodingError` where there are no channels, or not as many deviations as means: both are read side by side.
        public init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Key.self)
            means = try fields.decode([Float].self, forKey: .means)
            deviations = try fields.decode([Float].self, forKey: .deviations)
            guard !means.isEmpty, means.count == deviations.count else {
                throw DecodingError.dataCorruptedError(
                    forKey: .deviations, in: fields, debugDescription: "\(deviations.count) deviations of \(means.count) means")
            }
        }

        /// Writes means and deviations, as ``init(from:)`` reads them.
        public func encode(to encoder: any Encoder) throws {
            var fields = encoder.container(keyedBy: Key.self)
            try fields.encode(means, forKey: .means)
            try fields.encode(deviations, forKey: .deviations)
        }
    }

    /// The scales by the modality's name; empty for `none`.
    public let scales: [String: Scale]

    /// Leaves inputs as they are.
    public static let none = Standardization(scales: [:])

    init(scales: [String: Scale]) { self.scales = scales }

    /// Measures training rows, in double precision and in one pass. Nothing is measured where the data
    /// set says that its inputs already are on a common scale.
    ///
    /// - Parameters:
    ///   - rule: one scale per modality or per channel, or none.
    ///   - dataset: the data set.
    ///   - rows: training rows of the source domains.
    /// - Throws: what the data set throws where it cannot be read.
    public init(_ rule: StandardizationRule, of dataset: some Dataset, rows: SourceIndices) throws {
        guard rule != .none, !dataset.isStandardized else {
            self = .none
            return
        }
        var scales: [String: Scale] = [:]
        for modality in dataset.facts.modalities {
            let channels = rule == .scale ? 1 : modality.sampleShape.last ?? 1
            let (means, variances) = try Self.moments(of: dataset, rows, modality.name, channels)
            // For a constant channel only the rounding of its mean remains.
            let deviations = zip(means, variances).map { mean, variance in
                variance > 1e-12 * mean * mean && variance > 1e-30 ? Float(variance.squareRoot()) : 1
            }
            scales[modality.name] = Scale(means: means.map { Float($0) }, deviations: deviations)
        }
        self.scales = scales
    }

    /// The standardized inputs of a modality, N×…×channels.
    ///
    /// - Parameters:
    ///   - inputs: of any number of samples, channels last; left as they are for a modality without a
    ///     scale.
    ///   - modality: its name.
    /// - Precondition: the entries are whole channels; else the program stops with both numbers.
    public func callAsFunction(_ inputs: Tensor, modality: String) -> Tensor {
        guard let scale = channelScale(of: modality) else { return inputs }
        require(
            inputs.elementCount % scale.channels == 0,
            "inputs of shape \(inputs.shape) do not have the \(scale.channels) channels of \(modality)")
        return inputs.standardized(by: scale)
    }

    /// The scale of a modality as it is applied; nil where its inputs are left as they are.
    func channelScale(of modality: String) -> ChannelScale? {
        scales[modality].map { ChannelScale(means: $0.means, factors: $0.deviations.map { 1 / $0 }) }
    }

    /// The standardized inputs of some rows, for every modality of the data set.
    ///
    /// - Parameters:
    ///   - rows: positions in the data set.
    ///   - dataset: the data set that was measured, or another of the same modalities.
    /// - Throws: what the data set throws where it cannot be read.
    public func inputs(_ rows: [Int], of dataset: some Dataset) throws -> [String: Tensor] {
        var result: [String: Tensor] = [:]
        for modality in dataset.facts.modalities {
            result[modality.name] = self(try dataset.inputs(rows, modality: modality.name), modality: modality.name)
        }
        return result
    }

    /// The mean and the population variance of every channel over `rows`.
    ///
    /// Values are taken relative to the first one of their channel, so that a large mean costs a small
    /// deviation no digits: the sum of squares loses about `(mean − first)²/variance` units in the last
    /// place of a double.
    ///
    /// - Returns: one number for each channel; 0 for both where no row has the modality.
    private static func moments(
        of dataset: some Dataset, _ rows: SourceIndices, _ modality: String, _ channels: Int
    ) throws -> (means: [Double], variances: [Double]) {
        var origins: [Double] = []
        var sums = [Double](repeating: 0, count: channels)
        var squares = sums
        var count = 0
        // Few rows at a time, so that no more memory is touched than a training needs anyway.
        for batch in BatchSampler.inOrder(rows.rows, batchSize: 64) {
            let presence = try dataset.presence(batch, modality: modality)
            // Only what is real counts: rows that have the modality, and steps that are not padding.
            let there = presence.rows.map { rows in rows.map { batch[$0] } } ?? batch
            guard !there.isEmpty else { continue }
            let inputs = try dataset.inputs(there, modality: modality)
            let size = inputs.elementCount / there.count
            let lengths = (presence.rows.map(presence.gathering) ?? presence).lengths
            inputs.withUnsafeValues { values in
                if origins.isEmpty { origins = values.prefix(channels).map { Double($0) } }
                for sample in there.indices {
                    let real = lengths.map { $0[sample] * (size / inputs.shape[1]) } ?? size
                    addMoments(
                        UnsafeBufferPointer(rebasing: values[sample * size..<sample * size + real]), origins, to: &sums, &squares)
                    count += real
                }
            }
        }
        let total = Double(max(1, count / channels))
        guard !origins.isEmpty else { return (sums, squares) }
        let means = zip(origins, sums).map { $0 + $1 / total }
        let variances = zip(squares, sums).map { max(0, $0 / total - ($1 / total) * ($1 / total)) }
        return (means, variances)
    }
}

/// Adds `value − origin` and its square to the sums of interleaved channels.
private func addMoments(_ values: UnsafeBufferPointer<Float>, _ origins: [Double], to sums: inout [Double], _ squares: inout [Double]) {
    let channels = origins.count
    origins.withUnsafeBufferPointer { origins in
        sums.withUnsafeMutableBufferPointer { sums in
            squares.withUnsafeMutableBufferPointer { squares in
                for start in stride(from: 0, to: values.count, by: channels) {
                    for channel in 0..<channels {
                        let value = Double(values[start + channel]) - origins[channel]
                        sums[channel] += value
                        squares[channel] += value * value
                    }
                }
            }
        }
    }
}
