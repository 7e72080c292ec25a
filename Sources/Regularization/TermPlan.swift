import Configuration

/// One term as a recipe describes it, before anything is made of it: a regularizer, or a sum of terms.
package struct TermPlan: Sendable, Hashable {
    /// What the term consists of.
    package indirect enum Content: Sendable, Hashable {
        /// A regularizer by its registered name, with its own options; what is left out has its
        /// default.
        case regularizer(String, options: [String: OptionValue])
        /// Other terms, whose penalties are added up; everything else of this plan applies to all of
        /// them together.
        case sum([TermPlan])
    }

    package var content: Content

    /// The name of this instance; the regularizer's own unless the recipe gives one.
    package var instance: String

    /// The weight; nil for the regularizer's default, which is 1 for a sum.
    package var weight: Double?

    /// How the weight changes over the training.
    package var schedule: WeightSchedule

    /// `after:`, the moment from which the term acts; nil for the beginning of the training.
    package var after: TrainingMoment?

    /// `until:`, the moment at which the term stops acting; nil for the end of the training.
    package var until: TrainingMoment?

    /// `on:`, the modalities that the term sees; nil for all.
    package var modalities: [Modality]?

    /// `at:`, what a regularizer acts on.
    package var place: Place

    /// `part:`, the entries of each embedding that a regularizer sees.
    package var part: EmbeddingPart

    /// `points:`, where a regularizer of feature maps acts inside the encoders; nil for its own choice.
    package var points: [String]?

    /// The heads, for `at: projection`.
    package var projection: ProjectionOptions

    /// A regularizer.
    package init(
        _ regularizer: String, instance: String? = nil, options: [String: OptionValue] = [:], weight: Double? = nil,
        schedule: WeightSchedule = WeightSchedule(), after: TrainingMoment? = nil, until: TrainingMoment? = nil,
        on modalities: [Modality]? = nil, at place: Place = .embedding, part: EmbeddingPart = .whole,
        points: [String]? = nil, projection: ProjectionOptions = ProjectionOptions()
    ) {
        content = .regularizer(regularizer, options: options)
        self.instance = instance ?? regularizer
        self.weight = weight
        self.schedule = schedule
        self.after = after
        self.until = until
        self.modalities = modalities
        self.place = place
        self.part = part
        self.points = points
        self.projection = projection
    }

    /// A sum of terms.
    package init(
        sumOf terms: [TermPlan], instance: String, weight: Double? = nil, schedule: WeightSchedule = WeightSchedule(),
        after: TrainingMoment? = nil, until: TrainingMoment? = nil, on modalities: [Modality]? = nil
    ) {
        self.init(
            instance, weight: weight, schedule: schedule, after: after, until: until, on: modalities)
        content = .sum(terms)
    }

    /// The registered name of the regularizer; `sum` for a sum.
    package var regularizer: String {
        if case .regularizer(let name, _) = content { name } else { "sum" }
    }

    /// The regularizer's own options; none for a sum.
    package var options: [String: OptionValue] {
        if case .regularizer(_, let options) = content { options } else { [:] }
    }

    /// The terms of a sum; none for a regularizer.
    package var terms: [TermPlan] {
        if case .sum(let terms) = content { terms } else { [] }
    }

    /// The steps in which the term acts; nil for all of them, none where `until` comes before `after`.
    ///
    /// - Parameter stepsPerEpoch: nil where it is not known.
    /// - Throws: `OptionFault` where an epoch's length is needed and not known.
    func active(totalSteps: Int, stepsPerEpoch: Int?) throws(OptionFault) -> Range<Int>? {
        guard after != nil || until != nil else { return nil }
        let first = try step(after, "after", totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch) ?? 0
        let end = try step(until, "until", totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch) ?? totalSteps
        return first..<max(first, end)
    }

    /// Checks that `until` does not come before `after` in a training, in this term and in the terms of
    /// a sum.
    ///
    /// Only the trials themselves are checked: a rehearsal may be so short that the two moments
    /// coincide.
    ///
    /// - Throws: `OptionFault` of the option `until`.
    package func checkOrder(totalSteps: Int, stepsPerEpoch: Int) throws(OptionFault) {
        if let after, let until,
            until.step(totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch)
                < after.step(totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch)
        {
            throw OptionFault(option: "until", expected: "a moment that does not come before 'after: \(after)'", found: "\(until)")
        }
        for (index, term) in terms.enumerated() {
            do throws(OptionFault) {
                try term.checkOrder(totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch)
            } catch {
                throw error.inside(term: index)
            }
        }
    }

    private func step(
        _ moment: TrainingMoment?, _ option: String, totalSteps: Int, stepsPerEpoch: Int?
    ) throws(OptionFault) -> Int? {
        guard let moment else { return nil }
        if case .epochs = moment, stepsPerEpoch == nil {
            throw OptionFault(
                option: option, expected: "a share of the training or a number of steps, as the length of an epoch is not known",
                found: moment.description)
        }
        return moment.step(totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch ?? 1)
    }

    /// Checks what depends on the model's modalities.
    ///
    /// - Parameter known: the modalities that the term may see; fewer than the model's inside a sum
    ///   with `on:`.
    func check(modalities known: [String]) throws(OptionFault) {
        if let weight, !(weight >= 0 && weight.isFinite) {
            throw OptionFault(option: "weight", expected: "a number from 0 up", found: "\(weight)", suggestion: nil)
        }
        if schedule.start > schedule.end {
            throw OptionFault(
                option: "schedule", expected: "a start before its end", found: "start \(schedule.start), end \(schedule.end)",
                suggestion: nil)
        }
        for modality in modalities ?? [] where !known.contains(modality.name) {
            throw OptionFault(
                option: "on", expected: "modalities of the model: \(known.joined(separator: ", "))", found: modality.name,
                suggestion: nearestName(to: modality.name, among: known))
        }
        if modalities?.isEmpty == true {
            throw OptionFault(option: "on", expected: "at least one modality", found: "none", suggestion: nil)
        }
    }

    /// Checks a regularizer against what it can act on, the model, the task and the source domains.
    ///
    /// - Parameter sourceDomains: empty where they are not known.
    func check(
        against entry: RegularizerRegistry.Entry, model: any MultimodalModel, task: Targets.Kind, sourceDomains: SourceDomains
    ) throws(OptionFault) {
        guard entry.tasks.contains(task) else {
            throw OptionFault(
                option: nil, expected: "a task of \(entry.tasks.map(\.rawValue).joined(separator: " or ")) for \(entry.name)",
                found: "one of \(task.rawValue)")
        }
        if entry.needs.contains(.severalDomains), sourceDomains.count == 1 {
            throw OptionFault(
                option: nil, expected: "at least two source domains for \(entry.name)", found: "training on a single one")
        }
        guard entry.places.contains(place) else {
            throw OptionFault(
                option: "at", expected: entry.places.map(\.rawValue).joined(separator: ", ") + " for \(entry.name)",
                found: place.rawValue, suggestion: nil)
        }
        if place == .fused && model.representationWidth == nil {
            throw OptionFault(
                option: "at", expected: "embedding or projection, as the model gives no fused representation", found: "fused",
                suggestion: nil)
        }
        if place == .fused && modalities != nil {
            throw OptionFault(
                option: "on", expected: "nothing beside `at: fused`, which acts on all modalities together",
                found: (modalities ?? []).map(\.name).joined(separator: ", "), suggestion: nil)
        }
    }

    /// The points at which a regularizer of feature maps acts, by modality; nil for any other regularizer.
    ///
    /// - Parameter modalities: what the term sees.
    /// - Throws: `OptionFault` where no encoder has points at which anything can be changed, or not those that the plan names.
    func points(
        of entry: RegularizerRegistry.Entry, in model: any MultimodalModel, modalities seen: [Modality]
    ) throws(OptionFault) -> [Modality: [String]]? {
        let name = entry.name
        guard entry.hooks.contains(.featureMaps) else {
            guard let points else { return nil }
            throw OptionFault(option: "points", expected: "none for \(name), which changes no feature maps", found: points.joined(separator: ", "))
        }
        if part != .whole { throw OptionFault(option: "part", expected: "whole for \(name), which changes feature maps", found: part.rawValue) }
        let offered = (model as? any OffersFeatureMaps)?.featureMapPoints ?? [:]
        let open = offered.mapValues { $0.filter { !$0.isFrozen }.map(\.name) }
        if let without = modalities?.first(where: { open[$0]?.isEmpty ?? true }) {
            let others = model.modalities.filter { open[$0]?.isEmpty == false }.map(\.name)
            throw OptionFault(
                option: "on", expected: "modalities whose encoders have points for \(name): \(others.isEmpty ? "none" : others.joined(separator: ", "))",
                found: without.name)
        }
        let known = seen.flatMap { open[$0] ?? [] }.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        guard !known.isEmpty else {
            throw OptionFault(
                option: nil, expected: "an encoder of feature maps that are not all frozen, such as resnet18 or series-resnet",
                found: "none among those of " + seen.map(\.name).joined(separator: ", "))
        }
        for point in points ?? [] where !known.contains(point) {
            let isFrozen = seen.contains { offered[$0]?.contains { $0.name == point } ?? false }
            throw OptionFault(
                option: "points", expected: "\(isFrozen ? "points that are not frozen" : "points of the encoders"): \(known.joined(separator: ", "))",
                found: point, suggestion: isFrozen ? nil : nearestName(to: point, among: known))
        }
        return Dictionary(
            seen.map { modality in
                let open = open[modality] ?? []
                return (modality, points.map { chosen in open.filter(chosen.contains) } ?? entry.points(open))
            }
        ) { first, _ in first }
    }

    /// The width of this plan's part of an embedding.
    ///
    /// - Throws: `OptionFault` where nothing is left of it.
    func width(ofPartOf width: Int, modality: Modality) throws(OptionFault) -> Int {
        let entries = part.entries(of: width)
        guard !entries.isEmpty else {
            throw OptionFault(
                option: "part", expected: "whole for embeddings of width \(width)", found: "\(part.rawValue) of \(modality)")
        }
        return entries.count
    }
}
