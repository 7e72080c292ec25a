/// How one model did on samples of source domains that it was not trained on.
///
/// Whatever a selection rule knows, it knows from values of this type. Nothing in it, and nothing that can be reached from it, belongs to the
/// target: neither a row nor a figure.
public struct SourceScores: Sendable, Hashable, Codable {
    /// The task's first score, such as accuracy as a fraction; NaN where it cannot be computed.
    public var score: Double
    /// Mean base loss without any regularizer's terms; NaN where a prediction is not finite.
    public var loss: Double
    /// How many samples both were taken on; nil where that was not recorded.
    public var samples: Int?
    /// The same score by each modality alone: the embeddings of all others are replaced by their mean over these samples. Empty where it was not
    /// measured.
    ///
    /// By the modality's name, as the score is recorded.
    public var alone: [String: Double]
    /// The same score where each sample's modalities come from two samples of one class and of different source domains; nil where there are no
    /// such pairs.
    public var recombined: Double?

    /// - Parameters:
    ///   - score: the task's first score.
    ///   - loss: the mean base loss.
    ///
    /// - Parameters:
    ///   - score: NaN where it cannot be computed.
    ///   - loss: NaN where a prediction is not finite.
    ///   - samples: how many both are over.
    ///   - alone: none where it was not measured.
    ///   - recombined: nil where there are no pairs.
    public init(_ score: Double, loss: Double, samples: Int? = nil, alone: [String: Double] = [:], recombined: Double? = nil) {
        self.score = score
        self.loss = loss
        self.samples = samples
        self.alone = alone
        self.recombined = recombined
    }

    /// The mean over modalities of the score by each alone; nil where it was not measured.
    ///
    /// Summed in the order of the names, so that it is the same to the bit wherever it is computed.
    public var silenced: Double? { alone.isEmpty ? nil : alone.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value } / Double(alone.count) }
}

/// What is known on source domains of one thing that can be chosen: an epoch of a training, or a setting of tuned values.
public struct SourceEvidence: Sendable, Hashable, Codable {
    /// What is known from the trainings with one seed.
    public struct Seed: Sendable, Hashable, Codable {
        /// Scores of the training on a part of every source domain, on the rest of them; nil where
        /// there was none.
        public var heldBack: SourceScores?
        /// Scores of each training that left one source domain out, on that domain; empty where there
        /// were none.
        ///
        /// In the order of the domains.
        public var leftOut: [SourceScores]

        /// What the trainings with one seed left; nothing unless given.
        ///
        /// - Parameters:
        ///   - heldBack: nil where no samples are held back.
        ///   - leftOut: one entry for each source domain, in their order.
        public init(heldBack: SourceScores? = nil, leftOut: [SourceScores] = []) {
            self.heldBack = heldBack
            self.leftOut = leftOut
        }
    }

    /// Where it stands among the others, counted from 0: epochs in their order, settings as the grid lists them.
    public var position: Int
    /// One entry for every seed that it was trained with.
    public var seeds: [Seed]

    /// - Parameter position: the candidate's place among all of them, from 0.
    ///
    /// - Parameters:
    ///   - position: counted from 0.
    ///   - seeds: at least one for a candidate that can be chosen.
    public init(position: Int, seeds: [Seed]) {
        self.position = position
        self.seeds = seeds
    }

    /// The scores of all trainings on a part of every source domain.
    ///
    /// At most one for each seed.
    public var heldBack: [SourceScores] { seeds.compactMap(\.heldBack) }

    /// The scores of all trainings that left a source domain out.
    ///
    /// Seed by seed, and within one in the order of the domains.
    public var leftOut: [SourceScores] { seeds.flatMap(\.leftOut) }
}

/// The situation in which a choice is made.
public struct SelectionSituation: Sendable, Hashable {
    /// What is chosen.
    public enum Subject: String, Sendable, Hashable, Codable {
        /// The epoch of a training whose model is reported.
        case epochs
        /// The values of a row that are tuned.
        case values
    }

    /// What is chosen.
    public var subject: Subject
    /// Whether a higher score is a better one.
    public var isHigherBetter: Bool
    /// Whether the score is a share of samples, so that its error follows from their number.
    public var isShare: Bool
    /// Whether classes are learned.
    public var hasClasses: Bool
    /// How many domains are trained on.
    public var sourceDomains: Int
    /// How many modalities the model reads.
    public var modalities: Int

    /// A choice; by default by accuracy, between models of two modalities that are trained on two domains.
    ///
    /// - Parameters:
    ///   - subject: what is chosen.
    ///   - isHigherBetter: true by default, as for accuracy.
    ///   - isShare: true by default.
    ///   - hasClasses: true by default.
    ///   - sourceDomains: 2 by default.
    ///   - modalities: 2 by default.
    public init(
        _ subject: Subject, isHigherBetter: Bool = true, isShare: Bool = true, hasClasses: Bool = true, sourceDomains: Int = 2, modalities: Int = 2
    ) {
        self.subject = subject
        self.isHigherBetter = isHigherBetter
        self.isShare = isShare
        self.hasClasses = hasClasses
        self.sourceDomains = sourceDomains
        self.modalities = modalities
    }

    /// A score as a number of which higher is better.
    ///
    /// - Parameter score: as it is recorded; NaN stays NaN.
    public func merit(_ score: Double) -> Double { isHigherBetter ? score : -score }
}

extension [SourceScores] {
    /// The mean of a figure over trainings; nil without trainings, and where one lacks it or has NaN.
    ///
    /// - Parameter figure: such as `\.score`.
    public func mean(_ figure: (SourceScores) -> Double?) -> Double? {
        let figures = compactMap(figure).filter { !$0.isNaN }
        guard !isEmpty, figures.count == count else { return nil }
        let mean = figures.reduce(0, +) / Double(count)
        // Infinities of both signs cancel to nothing.
        return mean.isNaN ? nil : mean
    }

    /// Samples in all; nil where one does not say.
    var samples: Int? {
        let counts = compactMap(\.samples)
        return isEmpty || counts.count < count ? nil : counts.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    }
}
