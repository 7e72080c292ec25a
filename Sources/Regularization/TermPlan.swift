import Configuration

/// One term as a recipe has it, before anything is made of it.
package struct TermPlan: Sendable, Hashable {
    /// The registered name of the regularizer.
    package var regularizer: String

    /// The name of this instance; the regularizer's own unless the recipe gives one.
    package var instance: String

    /// The regularizer's own options; what is left out has its default.
    package var options: [String: OptionValue]

    /// The weight; nil for the regularizer's default.
    package var weight: Double?

    /// How the weight changes over the training.
    package var schedule: WeightSchedule

    /// `on:`, the modalities that the regularizer sees; nil for all.
    package var modalities: [Modality]?

    /// `at:`, what it acts on.
    package var place: Place

    /// The heads, for `at: projection`.
    package var projection: ProjectionOptions

    package init(
        _ regularizer: String, instance: String? = nil, options: [String: OptionValue] = [:], weight: Double? = nil,
        schedule: WeightSchedule = WeightSchedule(), on modalities: [Modality]? = nil, at place: Place = .embedding,
        projection: ProjectionOptions = ProjectionOptions()
    ) {
        self.regularizer = regularizer
        self.instance = instance ?? regularizer
        self.options = options
        self.weight = weight
        self.schedule = schedule
        self.modalities = modalities
        self.place = place
        self.projection = projection
    }

    /// Faults that show only beside the regularizer and the model.
    func check(against entry: RegularizerRegistry.Entry, model: any MultimodalModel) throws(OptionFault) {
        if let weight, !(weight >= 0 && weight.isFinite) {
            throw OptionFault(option: "weight", expected: "a number from 0 up", found: "\(weight)", suggestion: nil)
        }
        if schedule.start > schedule.end {
            throw OptionFault(
                option: "schedule", expected: "a start before its end", found: "start \(schedule.start), end \(schedule.end)",
                suggestion: nil)
        }
        let known = model.modalities.map(\.name)
        for modality in modalities ?? [] where !known.contains(modality.name) {
            throw OptionFault(
                option: "on", expected: "modalities of the model: \(known.joined(separator: ", "))", found: modality.name,
                suggestion: nearestName(to: modality.name, among: known))
        }
        if modalities?.isEmpty == true {
            throw OptionFault(option: "on", expected: "at least one modality", found: "none", suggestion: nil)
        }
        guard entry.places.contains(place) else {
            throw OptionFault(
                option: "at", expected: entry.places.map(\.rawValue).joined(separator: ", ") + " for \(entry.description.name)",
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
}
