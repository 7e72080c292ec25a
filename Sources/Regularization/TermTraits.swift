import Configuration

/// What a term does to a training that may conflict with other terms.
///
/// A regularizer names its own traits and those that it excludes; two terms of a row that act at the same time and of which one excludes a
/// trait of the other are refused before anything is trained.
public struct TermTrait: Hashable, Sendable {
    /// What such a term does, as the end of the sentence “a term that …”.
    public let summary: String

    /// A trait by its summary, which tells it from others.
    public init(_ summary: String) { self.summary = summary }

    /// It keeps averaged weights that are evaluated in place of the model's own. Every ``AveragesWeights`` has this trait, and excludes it.
    public static let averagesWeights = TermTrait("has averaged weights evaluated")

    /// It compares the prediction of a sample, or the embeddings that it was made of, with the sample's label or with what else is known of it.
    public static let judgesPredictions = TermTrait("judges each prediction by its own sample")

    /// It makes one gradient of those of single terms of the loss.
    public static let combinesTerms = TermTrait("makes one gradient of those of single terms")

    /// It makes one gradient of those of single domains.
    public static let combinesDomains = TermTrait("makes one gradient of those of single domains")

    /// It scales the gradients of the encoders against each other.
    public static let balancesEncoders = TermTrait("scales the encoders' gradients against each other")
}

/// A trait of other terms that a regularizer conflicts with.
public struct TermExclusion: Hashable, Sendable {
    /// What none of the others may do.
    public let trait: TermTrait

    /// Why, as the end of the sentence “…, as …”.
    public let reason: String

    /// An exclusion with its reason.
    public init(_ trait: TermTrait, because reason: String) {
        self.trait = trait
        self.reason = reason
    }

    /// No other term that makes one gradient of those of single terms.
    public static let otherCombinationOfTerms = TermExclusion(
        .combinesTerms, because: "each would go on from the terms' gradients as if the other were not there")

    /// No other term that makes one gradient of those of single domains.
    public static let otherCombinationOfDomains = TermExclusion(
        .combinesDomains, because: "the later one would begin anew with the domains' gradients")

    static let secondAverage = TermExclusion(.averagesWeights, because: "only the last average of a row would be")
}

extension TermExclusion: CustomStringConvertible {
    public var description: String { "any other term that \(trait.summary), as \(reason)" }
}

extension RegularizerRegistry {
    /// The terms of a row that conflict with one before them.
    ///
    /// Terms of weight 0, and terms that never act in the same step, conflict with nothing; averages of
    /// weights do at any time, as they are evaluated after the last step.
    ///
    /// - Returns: the place of each such term and what is wrong.
    package func exclusions(among plans: [TermPlan], totalSteps: Int, stepsPerEpoch: Int?) -> [(index: Int, fault: OptionFault)] {
        let terms = plans.enumerated().flatMap { index, plan in
            acting(plan, index, path: [], totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch)
        }
        var seen: Set<[Int]> = []
        return terms.enumerated().compactMap { place, term in
            for earlier in terms[..<place] {
                guard let exclusion = Self.exclusion(between: earlier, and: term), seen.insert([term.index] + term.path).inserted else { continue }
                return (
                    term.index,
                    term.path.reversed().reduce(
                        OptionFault(
                            option: nil, expected: "no two terms of which one excludes the other: \(exclusion)",
                            found: "'\(earlier.plan.instance)' beside it")
                    ) { $0.inside(term: $1) }
                )
            }
            return nil
        }
    }

    private struct Acting {
        let index: Int
        /// Where it stands inside a sum.
        let path: [Int]
        let plan: TermPlan
        let entry: Entry
        let steps: Range<Int>
    }

    private func acting(_ plan: TermPlan, _ index: Int, path: [Int], totalSteps: Int, stepsPerEpoch: Int?) -> [Acting] {
        // Moments that cannot be told are reported elsewhere.
        let steps = (try? plan.active(totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch)) ?? 0..<Int.max
        guard plan.weight != 0, !steps.isEmpty else { return [] }
        guard plan.terms.isEmpty else {
            return plan.terms.enumerated().flatMap { inner, term in
                acting(term, index, path: path + [inner], totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch)
            }
        }
        return self[plan.regularizer].map { [Acting(index: index, path: path, plan: plan, entry: $0, steps: steps)] } ?? []
    }

    private static func exclusion(between first: Acting, and second: Acting) -> TermExclusion? {
        let exclusion =
            first.entry.excludes.first { second.entry.traits.contains($0.trait) }
            ?? second.entry.excludes.first { first.entry.traits.contains($0.trait) }
        guard let exclusion else { return nil }
        return exclusion.trait == .averagesWeights || first.steps.overlaps(second.steps) ? exclusion : nil
    }
}
