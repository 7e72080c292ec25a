import Tensors

/// Which parts of one modality's batch are real: which samples have the modality, and how many places
/// of each sample's sequence are real.
///
/// An array has room for everything: rows of samples that lack the modality, and places after the end
/// of a shorter sequence. What is stored there has no meaning, and no result may depend on it. Encoders
/// take the presence from the data, embeddings carry it along, and fusions and regularizers either look
/// at it or are given only the rows that are present.
public struct Presence: Hashable, Sendable {
    /// Every sample has the modality, and no sequence is padded.
    public static let whole = Presence()

    /// Whether each of the `N` samples has the modality; nil where all have.
    public let samples: [Bool]?

    /// How many places of each sample's sequence are real, counted from its first one: `N` numbers, 0
    /// for a sample that lacks the modality; nil where nothing is padded or there are no sequences.
    public let lengths: [Int]?

    /// - Parameters:
    ///   - samples: whether each sample has the modality; nil where all have.
    ///   - lengths: the real places of each sample's sequence; nil where all are. A sample of length 0
    ///     lacks the modality.
    /// - Precondition: as many lengths as samples where both are given; no length is negative.
    public init(samples: [Bool]? = nil, lengths: [Int]? = nil) {
        require(
            samples == nil || lengths == nil || samples?.count == lengths?.count,
            "Presence: \(samples?.count ?? 0) samples, but \(lengths?.count ?? 0) lengths")
        require(lengths?.allSatisfy { $0 >= 0 } ?? true, "Presence: a length is negative")
        let there = lengths.map { lengths in lengths.indices.map { lengths[$0] > 0 && samples?[$0] ?? true } } ?? samples
        self.samples = there?.contains(false) == true ? there : nil
        self.lengths = lengths.map { lengths in lengths.indices.map { there?[$0] ?? true ? lengths[$0] : 0 } }
    }

    /// Whether every sample has the modality and no lengths are given.
    public var isWhole: Bool { samples == nil && lengths == nil }

    /// The samples that have the modality, in order; nil where all have.
    public var rows: [Int]? { samples.map { samples in samples.indices.filter { samples[$0] } } }

    /// Whether a sample has the modality.
    public func contains(_ sample: Int) -> Bool { samples?[sample] ?? true }

    /// The presence of some samples, in the given order; a sample may be repeated.
    public func gathering(rows: [Int]) -> Presence {
        Presence(samples: samples.map { samples in rows.map { samples[$0] } }, lengths: lengths.map { lengths in rows.map { lengths[$0] } })
    }

    /// The same samples with other lengths, such as those that a convolution leaves.
    public func replacing(lengths: [Int]?) -> Presence { Presence(samples: samples, lengths: lengths) }

    /// The number of real places of each sequence.
    ///
    /// - Parameters:
    ///   - count: N, the number of samples.
    ///   - places: the places that are stored for each sequence.
    /// - Returns: `N` numbers; `places` for a present sample where no lengths are known.
    public func lengths(of count: Int, places: Int) -> [Int] {
        lengths ?? (0..<count).map { contains($0) ? places : 0 }
    }

    /// This presence without the samples that `other` lacks; the lengths stay.
    public func intersection(_ other: Presence) -> Presence {
        guard let theirs = other.samples else { return self }
        return Presence(samples: samples.map { zip($0, theirs).map { $0 && $1 } } ?? theirs, lengths: lengths)
    }
}

/// Sequences of different lengths in one array `N×T×C`, each padded at its end.
///
/// `lengths` gives the number of real places of each sequence, from 0 to `T`. No result depends on what
/// the padding holds, not even on NaN there, and no gradient flows into it.
extension Tensor {
    /// The sequences with zeros in place of the padding, `N×T×C`.
    ///
    /// Convolutions read zeros beyond the end of an array, so that a sequence whose padding is 0 looks
    /// to them as it does without padding.
    public func clearingPadding(lengths: [Int]) -> Tensor {
        let (places, width) = checkedSequences(lengths, "clearingPadding")
        guard lengths.contains(where: { $0 < places }) else { return self }
        func cleared(_ array: Tensor) -> Tensor {
            Tensor(shape: array.shape) { target in
                array.withUnsafeValues { source in
                    for (sample, length) in lengths.enumerated() {
                        let start = sample * places * width
                        let end = start + length * width
                        for index in start..<end { target[index] = source[index] }
                        for index in end..<start + places * width { target[index] = 0 }
                    }
                }
            }
        }
        return Tensor.custom(cleared(detached()), inputs: [self]) { [cleared($0)] }
    }

    /// The mean over the real places of each sequence, `N×C`; 0 for a sequence of length 0.
    ///
    /// Sums are in double precision and in the order of the places, so that a sequence has the same
    /// mean to the bit however it is padded.
    public func meanPooled(lengths: [Int]) -> Tensor {
        let (places, width) = checkedSequences(lengths, "meanPooled")
        let mean = Tensor(shape: [lengths.count, width]) { target in
            var sums = [Double](repeating: 0, count: width)
            withUnsafeValues { source in
                for (sample, length) in lengths.enumerated() {
                    for column in sums.indices { sums[column] = 0 }
                    for place in 0..<length {
                        let start = (sample * places + place) * width
                        for column in 0..<width { sums[column] += Double(source[start + column]) }
                    }
                    let divisor = Double(max(length, 1))
                    for column in 0..<width { target[sample * width + column] = Float(sums[column] / divisor) }
                }
            }
        }
        return Tensor.custom(mean, inputs: [self]) { [shape] gradient in
            [
                Tensor(shape: shape) { target in
                    gradient.withUnsafeValues { gradient in
                        for (sample, length) in lengths.enumerated() {
                            let share = 1 / Float(max(length, 1))
                            for place in 0..<places {
                                let start = (sample * places + place) * width
                                for column in 0..<width {
                                    target[start + column] = place < length ? gradient[sample * width + column] * share : 0
                                }
                            }
                        }
                    }
                }
            ]
        }
    }

    /// The largest value of each channel in each of `cells` cells of the real places, `N×cells×C`;
    /// zeros for a sequence of length 0.
    ///
    /// Of a sequence of L places, cell i covers the places from ⌊iL/cells⌋ up to but without
    /// ⌈(i+1)L/cells⌉, as in PyTorch's adaptive max pooling. The first of several equal values receives
    /// the gradient; NaN wins over any number. The sequence has rank 3.
    ///
    /// - Parameters:
    ///   - cells: the number of cells, at least 1.
    ///   - lengths: the real places of each sequence; nil where all are.
    public func maxPooled(to cells: Int, lengths: [Int]?) -> Tensor {
        require(rank == 3 && cells > 0, "maxPooled: \(cells) cells of sequences of shape \(shape)")
        let lengths = lengths ?? .init(repeating: shape[1], count: shape[0])
        let (places, width) = checkedSequences(lengths, "maxPooled")
        var winners = [Int](repeating: -1, count: lengths.count * cells * width)
        let maxima = Tensor(shape: [lengths.count, cells, width]) { target in
            withUnsafeValues { source in
                for (sample, length) in lengths.enumerated() where length > 0 {
                    for cell in 0..<cells {
                        let range = cell * length / cells..<((cell + 1) * length + cells - 1) / cells
                        let start = (sample * cells + cell) * width
                        for column in 0..<width {
                            var winner = (sample * places + range.lowerBound) * width + column
                            for place in range.dropFirst() {
                                let index = (sample * places + place) * width + column
                                if source[index] > source[winner] || source[index].isNaN && !source[winner].isNaN { winner = index }
                            }
                            winners[start + column] = winner
                            target[start + column] = source[winner]
                        }
                    }
                }
                for (slot, winner) in winners.enumerated() where winner < 0 { target[slot] = 0 }
            }
        }
        return Tensor.custom(maxima, inputs: [self]) { [shape, winners] gradient in
            [
                Tensor(shape: shape) { target in
                    for index in target.indices { target[index] = 0 }
                    gradient.withUnsafeValues { gradient in
                        for (slot, winner) in winners.enumerated() where winner >= 0 { target[winner] += gradient[slot] }
                    }
                }
            ]
        }
    }

    /// The real places of all sequences one below the other, `(Σ lengths)×C`, for statistics over
    /// places.
    public func packed(lengths: [Int]) -> Tensor {
        let (places, width) = checkedSequences(lengths, "packed")
        let rows = lengths.enumerated().flatMap { sample, length in (0..<length).map { sample * places + $0 } }
        return reshaped([lengths.count * places, width]).gathering(rows: rows)
    }

    /// The sequences of packed places, `N×places×C`, with zeros as padding: the inverse of
    /// ``packed(lengths:)``.
    ///
    /// - Precondition: a row for every real place.
    public func unpacked(lengths: [Int], places: Int) -> Tensor {
        require(
            rank == 2 && shape[0] == lengths.reduce(0, +) && lengths.allSatisfy { $0 <= places },
            "unpacked: rows of shape \(shape) are not the places of sequences of lengths \(lengths) in \(places) places")
        var start = 0
        let rows = lengths.map { length in
            defer { start += length }
            return (0..<places).map { $0 < length ? start + $0 : nil }
        }
        return spread(rows.flatMap { $0 }).reshaped([lengths.count, places, shape[1]])
    }

    /// The given rows of the first axis, with zeros for nil.
    ///
    /// - Parameter rows: positions along the first axis; one may be repeated.
    public func spread(_ rows: [Int?]) -> Tensor {
        let zero = Tensor.zeros(Shape([1] + shape.dimensions.dropFirst()))
        let last = shape[0]
        return Tensor.concatenated([self, zero], axis: 0).gathering(rows: rows.map { $0 ?? last })
    }

    private func checkedSequences(_ lengths: [Int], _ name: String) -> (places: Int, width: Int) {
        require(
            rank == 3 && shape[0] == lengths.count && lengths.allSatisfy { $0 >= 0 && $0 <= shape[1] },
            "\(name): lengths \(lengths) do not fit sequences of shape \(shape)")
        return (shape[1], shape[2])
    }
}
