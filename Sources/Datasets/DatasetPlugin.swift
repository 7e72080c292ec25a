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
    associatedtype Options: Configuration.Options

    /// Name in recipes, summary, source and options.
    static var description: ComponentDescription { get }

    /// Opens or generates the data. Relative paths in options count from the folder in which the program runs.
    ///
    /// - Throws: `DatasetFault`, with the option at fault where it is one option's.
    init(options: Options) throws(DatasetFault)
}

/// Data sets by name: a value that is made at start-up and passed on.
public struct DatasetRegistry: Sendable {
    private var registry = Registry<any DatasetPlugin.Type>()

    /// A registry without any data set.
    public init() {}

    /// The data sets that come with Regulus: `watch`, `digits`, `arrays` (also called `tensors`), `co-occurrence`, `epic-kitchens`, `hac`.
    public static var builtIn: DatasetRegistry {
        var registry = DatasetRegistry()
        registry.add(Watch.self)
        registry.add(Digits.self)
        registry.add(Arrays.self)
        registry.add(TensorFiles.self)
        registry.add(CoOccurrence.self)
        registry.add(EpicKitchens.self)
        registry.add(HAC.self)
        return registry
    }

    /// Makes a data set known.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register(_ plugin: any DatasetPlugin.Type) throws(DuplicateComponent) {
        try registry.register(plugin.description, plugin)
    }

    /// Registers one of our own, whose names differ.
    private mutating func add(_ plugin: any DatasetPlugin.Type) {
        do throws(DuplicateComponent) {
            try register(plugin)
        } catch {
            stop("\(error)")
        }
    }

    /// All names, in the order of registration.
    public var names: [String] { registry.names }

    /// What `list` and `describe` print.
    public var descriptions: [ComponentDescription] { registry.descriptions }

    /// The description of one data set, or nil.
    public func description(of name: String) -> ComponentDescription? { registry[name]?.description }

    /// The registered name that an unknown one was probably meant to be.
    public func nearest(to name: String) -> String? { registry.nearest(to: name) }

    /// Opens or generates a data set.
    ///
    /// - Throws: `DatasetFault` for an unknown name, options that do not fit, or data that cannot be read.
    public func make(_ name: String, options: [String: OptionValue] = [:]) throws(DatasetFault) -> any Dataset {
        guard let entry = registry[name] else {
            throw DatasetFault(
                message: "there is no data set '\(name)'", expected: "one of: " + names.joined(separator: ", "),
                suggestion: nearest(to: name))
        }
        return try Self.open(entry.maker, options)
    }

    /// As `make`, but values that are not finite are no fault: for whoever counts them.
    package func makeUnchecked(_ name: String, options: [String: OptionValue]) throws(DatasetFault) -> any Dataset {
        guard name == Arrays.description.name || name == TensorFiles.description.name else { return try make(name, options: options) }
        let decoded: Arrays.Options
        do throws(OptionFault) {
            decoded = try Arrays.Options.decoding(options)
        } catch {
            throw DatasetFault(error)
        }
        return try Arrays(options: decoded, requiringFinite: false)
    }

    private static func open<Plugin: DatasetPlugin>(
        _ plugin: Plugin.Type, _ values: [String: OptionValue]
    ) throws(DatasetFault) -> any Dataset {
        let options: Plugin.Options
        do throws(OptionFault) {
            options = try Plugin.Options.decoding(values)
        } catch {
            throw DatasetFault(error)
        }
        return try Plugin(options: options)
    }
}

extension DatasetFault {
    /// A fault of an option's value, before any data were looked at.
    init(_ fault: OptionFault) {
        let place = fault.option.map { "option \($0): " } ?? ""
        self.init(
            option: fault.option, message: "\(place)found \(fault.found)", expected: fault.expected,
            suggestion: fault.suggestion)
    }
}
