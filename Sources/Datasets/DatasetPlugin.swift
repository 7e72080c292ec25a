import Configuration
import Tensors

/// A data set that recipes can name.
///
/// ```swift
/// public struct Kitchen: DatasetPlugin {
///     public struct Options: Configuration.Options { … }
///     public static var description: ComponentDescription { … }
///     public init(options: Options) throws(DatasetFault) { … }
///     …                                        // what `Dataset` asks for
/// }
/// ```
public protocol DatasetPlugin: Dataset, SendableMetatype {
    /// The options that a recipe may set below `data:`.
    associatedtype Options: Configuration.Options

    /// Name in recipes, summary, source and options.
    static var description: ComponentDescription { get }

    /// Opens or generates the data. Media files need not be opened yet.
    ///
    /// - Parameter options: already checked one by one. Relative paths count from the folder in which
    ///   the program runs.
    /// - Throws: `DatasetFault`, with the option at fault where it is the fault of one.
    init(options: Options) throws(DatasetFault)
}

/// What a data set is told when it is made: how to open others, for one that consists of others.
public struct DatasetContext: Sendable {
    /// Opens a data set of the same registry, with options as a recipe gives them.
    let open: @Sendable (_ name: String, _ options: [String: OptionValue]) throws(DatasetFault) -> any Dataset
}

/// The data sets that a recipe may name.
public typealias DatasetRegistry = ComponentRegistry<DatasetContext, any Dataset, DatasetFault>

extension DatasetRegistry {
    /// A registry without any data set.
    public init() { self.init(of: .datasets) }

    /// The data sets that come with Regulus: `watch`, `digits`, `arrays` (also named `tensors`),
    /// `co-occurrence`, `epic-kitchens`, `hac`, `clips`, `hust-motor` and `sentiment`, and `joined`, of which
    /// others are the domains.
    public static func standard() throws(DuplicateComponent) -> DatasetRegistry {
        var registry = DatasetRegistry()
        try registry.register(Watch.self)
        try registry.register(Digits.self)
        try registry.register(Arrays.self)
        try registry.register(TensorFiles.self)
        try registry.register(CoOccurrence.self)
        try registry.register(EpicKitchens.self)
        try registry.register(HAC.self)
        try registry.register(Clips.self)
        try registry.register(HUSTMotor.self)
        try registry.register(Sentiment.self)
        try registry.register(Joined.description) { (options, context) throws(DatasetFault) in
            try Joined(options: DatasetRegistry.decode(options, as: Joined.Options.self), opening: context.open)
        }
        return registry
    }

    /// Adds a data set under the name of its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<Plugin: DatasetPlugin>(_ plugin: Plugin.Type) throws(DuplicateComponent) {
        try register(Plugin.description) { (options, _) throws(DatasetFault) in
            try Plugin(options: DatasetRegistry.decode(options, as: Plugin.Options.self))
        }
    }

    /// Opens or generates a data set; with ``SampleDivision/option`` among the options divided as that
    /// says, and with ``UnknownClasses/option`` without those classes.
    ///
    /// - Throws: `DatasetFault` for an unknown name, options that do not fit, or data that cannot be
    ///   read.
    public func make(_ name: String, options: [String: OptionValue] = [:]) throws(DatasetFault) -> any Dataset {
        let views = [SampleDivision.option, UnknownClasses.option]
        let context = DatasetContext { (name, options) throws(DatasetFault) in try make(name, options: options) }
        var dataset = try make(name, options: options.filter { !views.contains($0.key) }, context: context)
        if let division = options[SampleDivision.option] { dataset = try SampleDivision(division).applied(to: dataset) }
        if let classes = options[UnknownClasses.option] { dataset = try UnknownClasses(classes).applied(to: dataset) }
        return dataset
    }

    /// As ``make(_:options:)``, but values that are not finite are accepted, so that they can be
    /// counted.
    package func makeUnchecked(_ name: String, options: [String: OptionValue]) throws(DatasetFault) -> any Dataset {
        switch name {
        case Arrays.description.name, TensorFiles.description.name:
            return try Arrays(options: DatasetRegistry.decode(options, as: Arrays.Options.self), requiringFinite: false)
        case Sentiment.description.name:
            return try Sentiment(options: DatasetRegistry.decode(options, as: Sentiment.Options.self), requiringFinite: false)
        default:
            return try make(
                name, options: options,
                context: DatasetContext { (name, options) throws(DatasetFault) in try makeUnchecked(name, options: options) })
        }
    }
}
