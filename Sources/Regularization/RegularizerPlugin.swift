import Configuration
import Networks
import Tensors

/// A regularizer that recipes can name.
///
/// ```swift
/// public struct Shrink: RegularizerPlugin, AddsPenalty {
///     public static let description = ComponentDescription(name: "shrink", summary: "keeps embeddings short", source: "our own")
///
///     public init(options: NoOptions, context: RegularizerContext) {}
///
///     public func penalty(_ step: TrainingStep) -> Penalty? {
///         Penalty.sum(over: step.originalEmbeddings) { z, _ in Penalty(value: z.squared().mean()) }
///     }
/// }
/// ```
///
/// `regulus plugin new` writes a package with such a type and its tests; the contract in
/// `RegularizerTesting` checks what every regularizer has to hold.
public protocol RegularizerPlugin: Regularizer, SendableMetatype {
    /// The options that a recipe may set; ``Configuration/NoOptions`` for none.
    associatedtype Options: ComponentOptions

    /// Name in recipes, summary, formula and source. The options are added from ``Options``.
    static var description: ComponentDescription { get }

    /// The smallest number of samples `N` for which the regularizer is defined; a recipe with a smaller
    /// batch is refused. By default 1.
    static var minimumBatch: Int { get }

    /// The weight of a term whose recipe gives none: the one of the paper. By default 1.
    static var defaultWeight: Double { get }

    /// What the regularizer can act on; a recipe that asks for another place is refused.
    ///
    /// By default all places for a regularizer that adds a penalty, whether or not it also follows
    /// updates. For any other it is the encoders' embeddings alone, because the other hooks act only
    /// there.
    static var places: [Place] { get }

    /// The points of an encoder at which a regularizer of feature maps acts where the recipe does not say. All by default.
    ///
    /// - Parameter names: those at which something can be changed, in the order in which a pass comes to them.
    static func points(among names: [String]) -> [String]

    /// The kinds of targets that it can serve; a recipe of another task is refused. By default all.
    static var tasks: [Targets.Kind] { get }

    /// What it needs of the data beyond ``minimumBatch``. By default nothing.
    static var needs: [DataNeed] { get }

    /// What it does to a training that may conflict with other terms; nothing by default.
    static var traits: [TermTrait] { get }

    /// The traits of other terms that it conflicts with in a row; none by default.
    static var excludes: [TermExclusion] { get }

    /// Makes the regularizer for one model and training.
    ///
    /// - Parameters:
    ///   - options: already checked one by one against their fields.
    ///   - context: the modalities and widths that the term sees, the model, and more.
    /// - Throws: `OptionFault` where the options contradict each other or do not fit the model; the
    ///   recipe is then refused at that option.
    init(options: Options, context: RegularizerContext) throws(OptionFault)
}

extension RegularizerPlugin {
    public static var minimumBatch: Int { 1 }
    public static var defaultWeight: Double { 1 }
    public static var places: [Place] {
        let hooks = RegularizerHook.all(of: Self.self)
        return hooks == [.penalty] || hooks == [.penalty, .updates] ? Place.allCases : [.embedding]
    }
    public static func points(among names: [String]) -> [String] { names }
    public static var tasks: [Targets.Kind] { Targets.Kind.allCases }
    public static var needs: [DataNeed] { [] }
    public static var traits: [TermTrait] { [] }
    public static var excludes: [TermExclusion] { [] }

    /// The description with the options.
    package static var wholeDescription: ComponentDescription { description.describing(Options.descriptions, defaultWeight: defaultWeight) }
}

/// What a regularizer is told about the model and the training when it is made.
public struct RegularizerContext {
    /// The modalities that it will see, after `on:` and `at:`, in the model's order.
    public var modalities: [Modality]

    /// The width `D` of each of these, after `at:` and `part:`.
    public var widths: [Modality: Int]

    /// The width of the prediction: `K` for classes and labels, `V` for values.
    public var classes: Int

    /// What kind of targets the training has.
    public var task: Targets.Kind

    /// The domains that the training learns from; empty where they are not known, as in a description.
    public var sourceDomains: SourceDomains

    /// The number of samples `N` of a batch; the last one of an epoch may be smaller. 0 where it is not
    /// known, as in a description.
    public var batchSize: Int

    /// Where initial values of its own parameters come from. It belongs to this instance alone, so that
    /// names need only differ within the regularizer.
    public var initializer: Initializer

    /// The model with its initial values, for regularizers that follow its weights from step to step.
    public var model: any MultimodalModel

    /// The name of this instance in the recipe. Its random streams start with it, so that two instances
    /// of one regularizer draw differently.
    public var instance: String

    /// - Parameters:
    ///   - modalities: what the term sees.
    ///   - widths: `D` of each modality.
    ///   - classes: the width of the prediction.
    ///   - task: the kind of targets.
    ///   - sourceDomains: empty where they are not known.
    ///   - batchSize: 0 where it is not known.
    ///   - model: with its initial values.
    ///   - initializer: a child of the training's own.
    ///   - instance: the name in the recipe.
    public init(
        modalities: [Modality], widths: [Modality: Int], classes: Int, task: Targets.Kind = .classes, sourceDomains: SourceDomains = [],
        batchSize: Int = 0, model: any MultimodalModel, initializer: Initializer, instance: String
    ) {
        self.modalities = modalities
        self.widths = widths
        self.classes = classes
        self.task = task
        self.sourceDomains = sourceDomains
        self.batchSize = batchSize
        self.model = model
        self.initializer = initializer
        self.instance = instance
    }
}

// What regularizers ask of the model, each in one line of their initializers.
extension RegularizerContext {
    /// Refuses a model of a single modality, for regularizers that work between modalities.
    ///
    /// - Throws: `OptionFault` where the term sees only one.
    public func requireSeveralModalities() throws(OptionFault) {
        guard modalities.count < 2 else { return }
        throw OptionFault(option: nil, expected: "at least two modalities", found: modalities.map(\.name).joined(separator: ", "))
    }

    /// Refuses modalities of different widths, for regularizers that compare embeddings of different
    /// modalities entry by entry.
    ///
    /// - Parameters:
    ///   - option: the option that asks for it, where it is not the whole regularizer.
    ///   - otherwise: what else the option may be, such as `single`.
    ///   - found: the value of the option, for the message.
    /// - Throws: `OptionFault` where the term sees fewer than two modalities, or they differ in width.
    public func requireEqualWidths(option: String? = nil, unless otherwise: String? = nil, found: String? = nil) throws(OptionFault) {
        guard modalities.count < 2 || Set(modalities.map { widths[$0] }).count != 1 else { return }
        let list = modalities.map { "\($0) \(widths[$0] ?? 0)" }.joined(separator: ", ")
        throw OptionFault(
            option: option,
            expected: (otherwise.map { "\($0), or " } ?? "")
                + "at least two modalities of equal width (`at: projection` makes the widths equal)",
            found: (found.map { "\($0) with " } ?? "") + list)
    }

    /// Refuses `part:`, for regularizers that hand embeddings back to the model, which can only fuse
    /// whole ones.
    ///
    /// - Throws: `OptionFault` where the term sees a part of the embeddings.
    public func requireWholeEmbeddings() throws(OptionFault) {
        for modality in modalities {
            guard let seen = widths[modality], let whole = model.embeddingWidths[modality], seen != whole else { continue }
            throw OptionFault(option: "part", expected: "whole", found: "\(seen) of the \(whole) entries of \(modality)")
        }
    }

    /// Refuses an option that repeats each sample so often that the embeddings of a batch, repeated, would take more than a gibibyte.
    ///
    /// The option and the batch are bounded by themselves; memory goes by their product.
    ///
    /// - Parameters:
    ///   - count: how often each sample is repeated.
    ///   - option: the option that says so.
    /// - Throws: `OptionFault` with the largest number that would do. Nothing is refused where the size of a batch is not known.
    public func requireRoom(forRepeats count: Int, option: String) throws(OptionFault) {
        let features = widths.values.reduce(0, +)
        let (values, overflows) = batchSize.multipliedReportingOverflow(by: features)
        let most = overflows ? 0 : Int(1 << 28) / max(values, 1)
        guard count > most else { return }
        throw OptionFault(
            option: option, expected: "at most \(most) for batches of \(batchSize) samples with \(features) features", found: "\(count)",
            suggestion: most > 0 ? "\(most)" : nil)
    }

    /// Reads a number for each modality from an option such as `factors: [audio=0.5]`.
    ///
    /// - Parameters:
    ///   - entries: the option's value, each entry `name=number` with a finite number from 0 up.
    ///   - standard: the number for modalities that no entry names.
    /// - Throws: `OptionFault` of the option `factors` where an entry has another form, names no
    ///   modality of the term, or names one twice.
    public func factors(_ entries: [String], default standard: Double) throws(OptionFault) -> [Modality: Double] {
        let names = modalities.map(\.name)
        var factors: [Modality: Double] = [:]
        for entry in entries {
            let sides = entry.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, let factor = Double(sides[1]), factor >= 0, factor.isFinite else {
                throw OptionFault(option: "factors", expected: "name=number with a number from 0 up", found: entry)
            }
            guard names.contains(sides[0]) else {
                throw OptionFault(
                    option: "factors", expected: "modalities of the term: \(names.joined(separator: ", "))", found: sides[0],
                    suggestion: nearestName(to: sides[0], among: names))
            }
            guard factors.updateValue(factor, forKey: Modality(sides[0])) == nil else {
                throw OptionFault(option: "factors", expected: "each modality once", found: "\(sides[0]) twice")
            }
        }
        for modality in modalities where factors[modality] == nil { factors[modality] = standard }
        return factors
    }
}

/// A small trained network from one modality's embedding to the space in which a term acts. The
/// classifier does not read its output.
public final class ProjectionHead: Module {
    /// Width of the projected embedding.
    public let width: Int

    private let layers: MLP
    private let unit: Bool

    public var parts: Parts { layers.parts }

    /// Makes a head.
    ///
    /// - Parameters:
    ///   - inputs: the width `D` of the embedding.
    ///   - options: hidden widths, output width and normalization.
    ///   - initializer: where initial values come from.
    public init(_ inputs: Int, options: ProjectionOptions = ProjectionOptions(), from initializer: Initializer) {
        width = options.width
        unit = options.unit
        layers = MLP(
            inputs, hidden: options.hidden, options.width, normalization: options.normalization == .layer ? .layer : .batch,
            from: initializer)
    }

    /// Projects `N×inputs` to `N×width`; with `unit: true` each row has length 1.
    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        let projected = layers(x, pass)
        return unit ? projected.normalized(axis: -1) : projected
    }
}
