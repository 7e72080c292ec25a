import Configuration
import Networks

/// A regularizer that recipes can name.
///
/// ```swift
/// public struct Shrink: RegularizerPlugin {
///     public struct Options: Configuration.Options {
///         public var power = 2.0
///         public init() {}
///         public static var fields: [OptionField<Options>] { [.number("power", \.power, in: 1...4, "…")] }
///     }
///     public static var description: ComponentDescription { … }
///     public init(options: Options, context: RegularizerContext) { … }
///     public func penalty(_ step: TrainingStep) -> Penalty? { … }
/// }
/// ```
public protocol RegularizerPlugin: Regularizer, SendableMetatype {
    associatedtype Options: Configuration.Options

    /// Name in recipes, summary, formula, source and options.
    static var description: ComponentDescription { get }

    /// The smallest batch `N` for which the term is defined; a recipe with a smaller one is refused. 1 unless said otherwise.
    static var minimumBatch: Int { get }

    /// The weight of a term whose recipe gives none: the one of the paper. 1 unless said otherwise.
    static var defaultWeight: Double { get }

    /// What the regularizer can act on; a recipe that asks for another place is refused. All places unless said otherwise.
    static var places: [Place] { get }

    /// Whether the term reads a covariance, a correlation or another second moment of the `N` samples of a batch over `D` features, so that it
    /// matters whether `N` exceeds `D`; `regulus check` then says so for the place at which the term acts. False unless said otherwise.
    static var readsCovariance: Bool { get }

    /// - Throws: `OptionFault` where the options do not fit the model in `context`.
    init(options: Options, context: RegularizerContext) throws(OptionFault)
}

extension RegularizerPlugin {
    public static var minimumBatch: Int { 1 }
    public static var defaultWeight: Double { 1 }
    public static var places: [Place] { Place.allCases }
    public static var readsCovariance: Bool { false }
}

/// What a regularizer is told about the model when it is made.
public struct RegularizerContext {
    /// The modalities that it will see, after `on:` and `at:`.
    public var modalities: [Modality]

    /// Width `D` of each of these.
    public var widths: [Modality: Int]

    /// Number of classes `K`.
    public var classes: Int

    /// Where initial values of its parameters come from; already a child of its own.
    public var initializer: Initializer

    /// The model, with its initial values: for regularizers that follow its weights from step to step.
    public var model: any MultimodalModel

    /// The name of this instance in the recipe. Random streams start with it, so that two instances draw differently.
    public var instance: String

    public init(
        modalities: [Modality], widths: [Modality: Int], classes: Int, model: any MultimodalModel, initializer: Initializer,
        instance: String
    ) {
        self.modalities = modalities
        self.widths = widths
        self.classes = classes
        self.model = model
        self.initializer = initializer
        self.instance = instance
    }
}
