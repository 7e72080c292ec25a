import Configuration
import Networks

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
public protocol RegularizerPlugin: Regularizer, SendableMetatype {
    /// What a recipe may set; `NoOptions` for nothing.
    associatedtype Options: ComponentOptions

    /// Name in recipes, summary, formula and source; its options are added by themselves.
    static var description: ComponentDescription { get }

    /// The smallest batch `N` for which the term is defined; a recipe with a smaller one is refused. 1 unless said otherwise.
    static var minimumBatch: Int { get }

    /// The weight of a term whose recipe gives none: the one of the paper. 1 unless said otherwise.
    static var defaultWeight: Double { get }

    /// What the regularizer can act on; a recipe that asks for another place is refused. Unless said otherwise all places for one that adds
    /// a penalty, with or without following updates, else the encoders' embeddings, as the other hooks act there alone.
    static var places: [Place] { get }

    /// The kinds of targets that it can serve; a recipe of another task is refused. All unless said otherwise.
    static var tasks: [Targets.Kind] { get }

    /// What it needs of the data, beyond ``minimumBatch``; nothing unless said otherwise.
    static var needs: [DataNeed] { get }

    /// - Throws: `OptionFault` where the options do not fit the model in `context`.
    init(options: Options, context: RegularizerContext) throws(OptionFault)
}

extension RegularizerPlugin {
    public static var minimumBatch: Int { 1 }
    public static var defaultWeight: Double { 1 }
    public static var places: [Place] {
        let hooks = RegularizerHook.all(of: Self.self)
        return hooks == [.penalty] || hooks == [.penalty, .updates] ? Place.allCases : [.embedding]
    }
    public static var tasks: [Targets.Kind] { Targets.Kind.allCases }
    public static var needs: [DataNeed] { [] }

    /// The description with the options.
    package static var wholeDescription: ComponentDescription { description.describing(Options.descriptions) }
}
