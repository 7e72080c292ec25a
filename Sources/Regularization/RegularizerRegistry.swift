import Configuration
import Networks

/// The regularizers that recipes can name: a value that is filled at start-up and passed on.
///
/// Built-in and third-party regularizers are registered in the same way:
///
/// ```swift
/// var registry = RegularizerRegistry()
/// try registry.register(MER.self)
/// ```
public struct RegularizerRegistry: Sendable {
    /// What is known about a regularizer before one is made.
    ///
    /// Only the name is kept. The rest is asked of the type when somebody wants it: which hooks a type has takes a search through
    /// all conformances of the program, its options are described one by one, and most commands want to know it of a few regularizers or of none.
    public struct Entry: Sendable {
        /// What recipes call it.
        let name: String
        private let type: any RegularizerPlugin.Type

        let make: @Sendable ([String: OptionValue], RegularizerContext) throws(OptionFault) -> any Regularizer

        init<Plugin: RegularizerPlugin>(of plugin: Plugin.Type) {
            name = Plugin.description.name
            type = plugin
            make = { (values, context) throws(OptionFault) -> any Regularizer in
                try Plugin(options: Plugin.Options.decoding(values), context: context)
            }
        }

        /// Name, summary, formula, source and options.
        public var description: ComponentDescription { type.wholeDescription }
        /// The smallest batch for which it is defined.
        public var minimumBatch: Int { type.minimumBatch }
        /// The weight of a term whose recipe gives none.
        public var defaultWeight: Double { type.defaultWeight }
        /// What it can act on.
        public var places: [Place] { type.places }
        /// The kinds of targets that it can serve.
        public var tasks: [Targets.Kind] { type.tasks }
        /// What it needs of the data.
        public var needs: [DataNeed] { type.needs }
        /// What it does that may conflict with other terms.
        public var traits: [TermTrait] { type.traits + (averagesWeights ? [.averagesWeights] : []) }
        /// The traits of other terms that it conflicts with.
        public var excludes: [TermExclusion] { type.excludes + (averagesWeights ? [.secondAverage] : []) }
        /// Whether it reads other terms of the row, which its options name.
        public var readsTerms: Bool { type is any ReadsTerms.Type }
        /// What it does, in the order of a training step.
        public var hooks: [RegularizerHook] { RegularizerHook.all(of: type) }

        private var averagesWeights: Bool { type is any AveragesWeights.Type }

        /// Where one of feature maps acts that is not told where.
        ///
        /// - Parameter names: the points of an encoder, in the order in which a pass comes to them.
        func points(_ names: [String]) -> [String] { type.points(among: names) }

        /// The refusal of a type that conforms to no hook; nil for any other.
        var refusal: RegularizerRefusal? {
            RegularizerHook.allCases.contains { $0.isHook(of: type) } ? nil : .withoutHooks(name: name, type: "\(type)")
        }
    }

    private var registry = Registry<Entry>()

    /// A registry without any regularizer.
    public init() {}

    /// Adds a regularizer under the name in its description.
    ///
    /// - Throws: ``RegularizerRefusal`` where the name is taken or the regularizer has no hook.
    public mutating func register<Plugin: RegularizerPlugin>(_ plugin: Plugin.Type) throws(RegularizerRefusal) {
        let entry = Entry(of: plugin)
        if let refusal = entry.refusal { throw refusal }
        try add(entry)
    }

    /// Adds a regularizer that comes with the program, each of which a test has found to have a hook; it is not looked for again at every
    /// start.
    ///
    /// - Throws: ``RegularizerRefusal`` where the name is taken.
    package mutating func register<Plugin: RegularizerPlugin>(tested plugin: Plugin.Type) throws(RegularizerRefusal) {
        try add(Entry(of: plugin))
    }

    private mutating func add(_ entry: Entry) throws(RegularizerRefusal) {
        do { try registry.register(entry.name, entry) } catch { throw .duplicate(error) }
    }

    /// The names, in order of registration.
    public var names: [String] { registry.names }

    /// All descriptions, in order of registration.
    public var descriptions: [ComponentDescription] { registry.components.map(\.description) }

    /// What is known about a regularizer; nil for an unknown name.
    public subscript(name: String) -> Entry? { registry[name] }

    /// Makes a regularizer alone, without the term around it.
    ///
    /// - Throws: `OptionFault` where it is unknown or an option does not fit.
    package func make(
        _ name: String, options: [String: OptionValue] = [:], context: RegularizerContext
    ) throws(OptionFault) -> any Regularizer {
        guard let entry = self[name] else { throw unknown(name) }
        return try entry.make(options, context)
    }

    private func unknown(_ name: String) -> OptionFault {
        OptionFault(
            option: nil, expected: "a regularizer: \(names.joined(separator: ", "))", found: name, suggestion: nearest(to: name))
    }

    /// The registered name that a mistyped one most probably means; nil where none is near.
    public func nearest(to name: String) -> String? { registry.nearest(to: name) }

    /// Makes one term for a model; a sum with all terms inside it.
    ///
    /// - Parameters:
    ///   - plan: the term as the recipe has it.
    ///   - classes: the width of the prediction.
    ///   - task: what kind of targets the training has.
    ///   - sourceDomains: the domains that the training learns from; none where they are not known.
    ///   - batchSize: samples of a batch; 0 where it is not known.
    ///   - initializer: where initial values of new parameters come from; the term uses its child of
    ///     the instance's name.
    ///   - totalSteps: the length of the training, for the schedule, `after:` and `until:`.
    ///   - stepsPerEpoch: the length of an epoch, for moments that are counted in epochs; nil where it
    ///     is not known.
    /// - Throws: `OptionFault` where the regularizer is unknown, an option does not fit, or the model
    ///   lacks what the term acts on.
    package func makeTerm(
        _ plan: TermPlan, for model: any MultimodalModel, classes: Int, task: Targets.Kind = .classes,
        sourceDomains: SourceDomains = [], batchSize: Int = 0, initializer: Initializer, totalSteps: Int, stepsPerEpoch: Int? = nil
    ) throws(OptionFault) -> RegularizerTerm {
        let surroundings = Surroundings(
            model: model, classes: classes, task: task, sourceDomains: sourceDomains, batchSize: batchSize, totalSteps: totalSteps,
            stepsPerEpoch: stepsPerEpoch, modalities: model.modalities)
        return try makeTerm(plan, in: surroundings, initializer: initializer, prefix: "")
    }

    /// What a term is made for.
    private struct Surroundings {
        let model: any MultimodalModel
        let classes: Int
        let task: Targets.Kind
        let sourceDomains: SourceDomains
        let batchSize: Int
        let totalSteps: Int
        let stepsPerEpoch: Int?
        /// What terms can see, in the model's order: less than all inside a sum with `on:`.
        var modalities: [Modality]
    }

    private func makeTerm(
        _ plan: TermPlan, in surroundings: Surroundings, initializer: Initializer, prefix: String
    ) throws(OptionFault) -> RegularizerTerm {
        try plan.check(modalities: surroundings.modalities.map(\.name))
        let active = try plan.active(totalSteps: surroundings.totalSteps, stepsPerEpoch: surroundings.stepsPerEpoch)
        switch plan.content {
        case .regularizer(let name, let options):
            return try makeTerm(
                plan, of: name, options: options, in: surroundings, initializer: initializer[plan.instance], prefix: prefix, active: active)
        case .sum(let plans):
            var inside = surroundings
            inside.modalities = surroundings.modalities.filter { plan.modalities?.contains($0) ?? true }
            var terms: [RegularizerTerm] = []
            for (index, term) in plans.enumerated() {
                if let first = terms.first(where: { $0.instance == term.instance }) {
                    throw OptionFault(option: "terms", expected: "terms of different names", found: "\(first.instance) twice")
                }
                do throws(OptionFault) {
                    terms.append(
                        try makeTerm(term, in: inside, initializer: initializer[plan.instance], prefix: "\(prefix)\(plan.instance)."))
                } catch {
                    throw error.inside(term: index)
                }
            }
            guard !terms.isEmpty else { throw OptionFault(option: "terms", expected: "at least one term", found: "none") }
            return RegularizerTerm(
                RegularizerList(terms), instance: plan.instance, path: prefix + plan.instance, weight: plan.weight ?? 1, schedule: plan.schedule,
                on: plan.modalities,
                at: .embedding, heads: [:], active: active, totalSteps: surroundings.totalSteps)
        }
    }

    private func makeTerm(
        _ plan: TermPlan, of name: String, options: [String: OptionValue], in surroundings: Surroundings, initializer: Initializer,
        prefix: String, active: Range<Int>?
    ) throws(OptionFault) -> RegularizerTerm {
        guard let entry = self[name] else { throw unknown(name) }
        let model = surroundings.model
        try plan.check(against: entry, model: model, task: surroundings.task, sourceDomains: surroundings.sourceDomains)
        var context = RegularizerContext(
            modalities: surroundings.modalities.filter { plan.modalities?.contains($0) ?? true }, widths: [:],
            classes: surroundings.classes, task: surroundings.task, sourceDomains: surroundings.sourceDomains,
            batchSize: surroundings.batchSize, model: model, initializer: initializer["regularizer"], instance: prefix + plan.instance)
        let points = try plan.points(of: entry, in: model, modalities: context.modalities)
        var heads: [Modality: ProjectionHead] = [:]
        if plan.place == .fused {
            guard surroundings.modalities.count == model.modalities.count else {
                throw OptionFault(option: "at", expected: "embedding or projection inside a sum with `on`", found: "fused")
            }
            context.modalities = [.fused]
        }
        for modality in context.modalities {
            let whole = plan.place == .fused ? model.representationWidth : model.embeddingWidths[modality]
            let width = try plan.width(ofPartOf: whole ?? 0, modality: modality)
            context.widths[modality] = plan.place == .projection ? plan.projection.width : width
            guard plan.place == .projection else { continue }
            heads[modality] = ProjectionHead(width, options: plan.projection, from: initializer["projection"][modality.name])
        }
        return RegularizerTerm(
            try entry.make(options, context), instance: plan.instance, path: context.instance, weight: plan.weight ?? entry.defaultWeight,
            schedule: plan.schedule, on: plan.modalities, at: plan.place, part: plan.part, points: points, heads: heads,
            active: active, totalSteps: surroundings.totalSteps, widths: context.widths)
    }
}

/// A regularizer could not be registered.
public enum RegularizerRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// Its name is taken.
    case duplicate(DuplicateComponent)
    /// It conforms to no hook, so that it could do nothing.
    case withoutHooks(name: String, type: String)

    public var description: String {
        switch self {
        case .duplicate(let duplicate): duplicate.description
        case .withoutHooks(let name, let type):
            "'\(name)' does nothing: \(type) conforms to none of "
                + RegularizerHook.allCases.dropLast().map(\.conformance).joined(separator: ", ")
                + (RegularizerHook.allCases.last.map { " and \($0.conformance)" } ?? "")
        }
    }
}
