import Configuration
import Regularization
import Tensors

/// What is learned: a kind of targets, the base loss, and the scores that tell how good predictions
/// are.
///
/// ```swift
/// public struct Counting: TaskPlugin {
///     public static let description = ComponentDescription(name: "counting", summary: "numbers of things, as logarithms of rates")
///     public static let targets = TargetKind.values
///     public let scores = [ScoreDescription("mae", title: "mean absolute error", form: .plain, isHigherBetter: false)]
///     public let criterion = Criterion("poisson") { outputs, targets in (outputs.exp() - targets * outputs).mean() }
///
///     public init(options: NoOptions, context: TaskContext) {}
///
///     public func evaluate(_ outputs: Tensor, _ targets: Targets) -> [Quantity] {
///         [.success(Double((outputs.exp() - targets.array).absolute().mean().item))]
///     }
/// }
/// ```
public protocol TaskPlugin: SendableMetatype, Sendable {
    /// What a recipe may set; `NoOptions` for nothing.
    associatedtype Options: ComponentOptions

    /// Name in recipes, summary, formula and source; its options are added by themselves.
    static var description: ComponentDescription { get }

    /// The kind of targets that is learned; a recipe with other data is refused.
    static var targets: TargetKind { get }

    /// - Throws: `OptionFault` where options do not fit each other or the data.
    init(options: Options, context: TaskContext) throws(OptionFault)

    /// The width of the model's prediction; that of the targets by default.
    func outputs(for targets: TargetFacts) -> Int

    /// The base loss.
    var criterion: Criterion { get }

    /// What ``evaluate(_:_:)`` gives; at least one, each of a name of its own.
    ///
    /// The first is the one that the report's table shows, and the one by which epochs and tuned values
    /// are chosen.
    var scores: [ScoreDescription] { get }

    /// The scores of predictions, in the order of ``scores``.
    ///
    /// - Parameters:
    ///   - outputs: what the model gives, `N×` ``outputs(for:)``, before any softmax or sigmoid; values
    ///     that are not finite among them.
    ///   - targets: those of the same samples, at least one.
    func evaluate(_ outputs: Tensor, _ targets: Targets) -> [Quantity]

    /// For each sample whether its prediction is one: finite in all its entries by default.
    func areFinite(_ outputs: Tensor) -> [Bool]
}

extension TaskPlugin {
    /// One output for each class, label or value.
    public func outputs(for targets: TargetFacts) -> Int { targets.width }

    /// One entry per row of `N×K` outputs: whether all of its numbers are finite.
    public func areFinite(_ outputs: Tensor) -> [Bool] {
        let width = outputs.shape[1]
        return outputs.withUnsafeValues { values in
            (0..<outputs.shape[0]).map { row in values[row * width..<(row + 1) * width].allSatisfy(\.isFinite) }
        }
    }

    /// The kind of targets that is learned.
    package var kind: TargetKind { Self.targets }

    /// The score that tables show and selection goes by.
    package var score: ScoreDescription { scores[0] }

    /// The scores in the order of their descriptions, as many as there are: what a plug-in leaves out
    /// has no value.
    package func allScores(_ outputs: Tensor, _ targets: Targets) -> [Quantity] {
        let found = evaluate(outputs, targets).map { quantity in Quantity.of { () throws(Undefined) in try quantity.get() } }
        return scores.indices.map { $0 < found.count ? found[$0] : .failure(Undefined("the task does not give it")) }
    }
}

/// What a task is told about the data when it is made.
public struct TaskContext: Sendable {
    /// What there is to learn.
    public let targets: TargetFacts

    /// The context of some targets.
    public init(targets: TargetFacts) { self.targets = targets }
}

/// The tasks that a recipe may name.
public typealias TaskRegistry = ComponentRegistry<TaskContext, any TaskPlugin, OptionFault>

extension TaskRegistry {
    /// A registry that knows nothing.
    public init() { self.init(of: .tasks) }

    /// `classification`, `regression` and `multi-label`.
    public static func standard() throws(DuplicateComponent) -> TaskRegistry {
        var registry = TaskRegistry()
        try registry.register(Classification.self)
        try registry.register(Regression.self)
        try registry.register(MultiLabel.self)
        return registry
    }

    /// Adds a task under the name of its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<Plugin: TaskPlugin>(_ plugin: Plugin.Type) throws(DuplicateComponent) {
        let description = Plugin.description.describing(Plugin.Options.descriptions)
        try register(description) { (options, context) throws(OptionFault) in
            let options = try Plugin.Options.decoding(options)
            guard Plugin.targets == context.targets.kind else {
                throw OptionFault(
                    option: nil, expected: "data with targets of the kind '\(Plugin.targets.rawValue)'", found: context.targets.text)
            }
            let task = try Plugin(options: options, context: context)
            let names = task.scores.map(\.name)
            guard !names.isEmpty, Set(names).count == names.count else {
                throw OptionFault(
                    option: nil, expected: "a task with scores, each of a name of its own", found: names.isEmpty ? "none" : names.joined(separator: ", "))
            }
            return task
        }
    }

    /// The tasks that can learn what there is to learn in some data, with their default options.
    package func names(for targets: TargetFacts) -> [String] {
        names.filter { (try? make($0, context: TaskContext(targets: targets))) != nil }
    }
}

/// The scores of a task with the one first that tables show and selection goes by.
///
/// - Parameter name: what the option `score` says; nil for the order as it is.
/// - Throws: `OptionFault` where there is no score of that name.
func choosing(_ name: String?, first scores: [ScoreDescription]) throws(OptionFault) -> [ScoreDescription] {
    guard let name else { return scores }
    guard let chosen = scores.first(where: { $0.name == name }) else {
        let names = scores.map(\.name)
        throw OptionFault(
            option: "score", expected: "one of: " + names.joined(separator: ", "), found: name, suggestion: nearestName(to: name, among: names))
    }
    return [chosen] + scores.filter { $0 != chosen }
}

/// The scores that a task may go by, one of which a recipe names.
package protocol NamedScore: CaseIterable, Equatable, RawRepresentable<String>, Sendable {
    /// The one of recipes that name none.
    static var usual: Self { get }

    /// What `describe` says of the option.
    static var help: String { get }

    /// The name in tables; nil for the name in recipes with spaces in place of hyphens.
    var title: String? { get }
}

extension NamedScore {
    /// The score as reports read it.
    var description: ScoreDescription { ScoreDescription(rawValue, title: title) }
}

/// The option `score` of a task.
package struct ScoreOptions<Score: NamedScore>: ComponentOptions {
    /// The score of tables and of selection.
    package var score = Score.usual

    package init() {}

    package static var fields: [OptionField<ScoreOptions>] { [.choice("score", \.score, Score.help)] }
}
