import Configuration
import Networks

/// The regularizers that recipes can name: a value, filled at start-up and passed on.
///
/// Built-in regularizers and those of third parties register in the same way:
///
/// ```swift
/// var registry = RegularizerRegistry()
/// try registry.register(MER.self)
/// ```
public struct RegularizerRegistry: Sendable {
    /// What is known about a regularizer before one is made.
    public struct Entry: Sendable {
        /// Name, summary, formula, source and options.
        public let description: ComponentDescription
        /// The smallest batch for which it is defined.
        public let minimumBatch: Int
        /// The weight of a term whose recipe gives none.
        public let defaultWeight: Double
        /// What it can act on.
        public let places: [Place]

        let make: @Sendable ([String: OptionValue], RegularizerContext) throws(OptionFault) -> any Regularizer
    }

    private var registry = Registry<Entry>()

    public init() {}

    /// Adds a regularizer under the name in its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<Plugin: RegularizerPlugin>(_ plugin: Plugin.Type) throws(DuplicateComponent) {
        let entry = Entry(
            description: Plugin.description, minimumBatch: Plugin.minimumBatch, defaultWeight: Plugin.defaultWeight,
            places: Plugin.places
        ) { (values, context) throws(OptionFault) -> any Regularizer in
            try Plugin(options: Plugin.Options.decoding(values), context: context)
        }
        try registry.register(Plugin.description, entry)
    }

    /// The names, in order of registration.
    public var names: [String] { registry.names }

    /// All descriptions, in order of registration.
    public var descriptions: [ComponentDescription] { registry.descriptions }

    /// What is known about a regularizer, or nil for an unknown name.
    public subscript(name: String) -> Entry? { registry[name]?.maker }

    /// The registered name nearest to a mistyped one.
    public func nearest(to name: String) -> String? { registry.nearest(to: name) }

    /// Makes one term for a model.
    ///
    /// - Parameters:
    ///   - plan: the term as the recipe has it.
    ///   - initializer: where initial values of new parameters come from; the term uses its child of the instance's name.
    ///   - totalSteps: the length of the training, for the schedule.
    /// - Throws: `OptionFault` where the regularizer is unknown, an option does not fit, or the model lacks what the term acts on.
    package func makeTerm(
        _ plan: TermPlan, for model: any MultimodalModel, classes: Int, initializer: Initializer, totalSteps: Int
    ) throws(OptionFault) -> RegularizerTerm {
        guard let entry = self[plan.regularizer] else {
            throw OptionFault(
                option: nil, expected: "a regularizer: \(names.joined(separator: ", "))", found: plan.regularizer,
                suggestion: nearest(to: plan.regularizer))
        }
        try plan.check(against: entry, model: model)
        let initializer = initializer[plan.instance]
        let modalities = model.modalities.filter { plan.modalities?.contains($0) ?? true }
        var context = RegularizerContext(
            modalities: modalities, widths: model.embeddingWidths.filter { modalities.contains($0.key) }, classes: classes,
            model: model, initializer: initializer["regularizer"], instance: plan.instance)
        var heads: [Modality: ProjectionHead] = [:]
        switch plan.place {
        case .embedding: break
        case .projection:
            for (modality, width) in context.widths {
                heads[modality] = ProjectionHead(
                    width, options: plan.projection, from: initializer["projection"][modality.name])
                context.widths[modality] = plan.projection.width
            }
        case .fused:
            context.modalities = [.fused]
            context.widths = [.fused: model.representationWidth ?? 0]
        }
        return RegularizerTerm(
            try entry.make(plan.options, context), instance: plan.instance, weight: plan.weight ?? entry.defaultWeight,
            schedule: plan.schedule, on: plan.modalities, at: plan.place, heads: heads, totalSteps: totalSteps)
    }
}
