import Analysis
import Configuration
import Datasets
import Models
import Networks
import Regularization
import Selection
package import Training

/// Takes what a plug-in adds to the program: regularizers, encoders, fusions, whole models, data sets,
/// tasks, optimizers, schedules, measurements and selection rules.
///
/// A plug-in is one function, whichever way it reaches the program:
///
/// ```swift
/// public func register(in registrar: inout PluginRegistrar) throws {
///     try registrar.register(Shrink.self)
/// }
/// ```
///
/// What is registered can be named in recipes from then on, and `list` and `describe` show it with its
/// origin.
public struct PluginRegistrar: Sendable {
    /// What recipes can name so far.
    package private(set) var components: Components

    /// Whose components are being registered.
    package var origin = ComponentOrigin.builtIn

    /// What came from elsewhere than the program's own parts, in order.
    package private(set) var additions: [Addition] = []

    /// One component that a plug-in brought.
    package struct Addition: Sendable {
        package let kind: ComponentKind
        package let name: String
        package let origin: ComponentOrigin
        /// What was registered, for whoever tests it against the contract of its kind.
        package let type: Any.Type
    }

    /// The reason for which a plug-in's registration ended early; see ``enter(_:_:)``.
    package var failure: String?

    /// What Regulus knows without any plug-in: its encoders, fusions, data sets, tasks, optimizers,
    /// schedules, measurements and selection rules.
    ///
    /// - Parameter regularizers: those that come with the program.
    package init(regularizers: RegularizerRegistry = RegularizerRegistry()) throws {
        components = try Components(regularizers: regularizers)
    }

    /// Adds a regularizer.
    ///
    /// - Throws: `RegistrationFault` where its name is taken, or is none that a recipe could hold. The
    ///   same goes for the other kinds.
    public mutating func register<Plugin: RegularizerPlugin>(_ plugin: Plugin.Type) throws(RegistrationFault) {
        try add(.regularizers, Plugin.self, Plugin.description) { try $0.regularizers.register(plugin) }
    }

    /// Adds an encoder of one modality.
    public mutating func register<Plugin: EncoderPlugin>(_ plugin: Plugin.Type) throws(RegistrationFault) {
        try add(.encoders, Plugin.self, Plugin.description) { try $0.encoders.register(plugin) }
    }

    /// Adds a fusion of several modalities' embeddings.
    public mutating func register<Plugin: FusionPlugin>(_ plugin: Plugin.Type) throws(RegistrationFault) {
        try add(.fusions, Plugin.self, Plugin.description) { try $0.fusions.register(plugin) }
    }

    /// Adds a model that encodes and fuses in its own way.
    public mutating func register<Plugin: ModelPlugin>(_ plugin: Plugin.Type) throws(RegistrationFault) {
        try add(.models, Plugin.self, Plugin.description) { try $0.models.register(plugin) }
    }

    /// Adds a data set.
    public mutating func register<Plugin: DatasetPlugin>(_ plugin: Plugin.Type) throws(RegistrationFault) {
        try add(.datasets, Plugin.self, Plugin.description) { try $0.datasets.register(plugin) }
    }

    /// Adds a task: a base loss with its scores.
    public mutating func register<Plugin: TaskPlugin>(_ plugin: Plugin.Type) throws(RegistrationFault) {
        try add(.tasks, Plugin.self, Plugin.description) { try $0.tasks.register(plugin) }
    }

    /// Adds an optimizer.
    public mutating func register<Plugin: OptimizerPlugin>(_ plugin: Plugin.Type) throws(RegistrationFault) {
        try add(.optimizers, Plugin.self, Plugin.description) { try $0.optimizers.register(plugin) }
    }

    /// Adds a schedule of the learning rate.
    public mutating func register<Plugin: SchedulePlugin>(_ plugin: Plugin.Type) throws(RegistrationFault) {
        try add(.schedules, Plugin.self, Plugin.description) { try $0.schedules.register(plugin) }
    }

    /// Adds a measurement of trained models.
    public mutating func register<M: MeasurementPlugin>(_ measurement: M.Type) throws(RegistrationFault) {
        try add(.measurements, M.self, M.description) { try $0.measurements.register(measurement) }
    }

    /// Adds a rule by which epochs and tuned values are chosen.
    public mutating func register<Plugin: SelectionPlugin>(_ plugin: Plugin.Type) throws(RegistrationFault) {
        try add(.selections, Plugin.self, Plugin.description) { try $0.selections.register(plugin) }
    }

    /// Where a component comes from.
    package func origin(of name: String, _ kind: ComponentKind) -> ComponentOrigin {
        additions.first { $0.kind == kind && $0.name == name }?.origin ?? .builtIn
    }

    private mutating func add(
        _ kind: ComponentKind, _ type: Any.Type, _ description: ComponentDescription, _ register: (inout Components) throws -> Void
    ) throws(RegistrationFault) {
        let name = description.name
        guard ComponentDescription.isName(name) else {
            throw RegistrationFault(
                kind: kind, name: name, reason: "a name in recipes is lowercase letters, digits and hyphens, and begins with a letter")
        }
        guard !components[kind].contains(where: { $0.name == name }) else {
            throw RegistrationFault(kind: kind, name: name, reason: "the name is taken (\(origin(of: name, kind))); choose another one")
        }
        do { try register(&components) } catch { throw RegistrationFault(kind: kind, name: name, reason: "\(error)") }
        if origin != .builtIn { additions.append(Addition(kind: kind, name: name, origin: origin, type: type)) }
    }

    /// Calls a plug-in's function on the registrar that a program passed to its library.
    ///
    /// The code that `regulus plugin build` adds to a library calls this; a plug-in has no need to.
    ///
    /// - Parameter registrar: the address of a `PluginRegistrar` of the same build, valid for the
    ///   duration of the call.
    public static func enter(_ registrar: UnsafeMutableRawPointer, _ register: (inout PluginRegistrar) throws -> Void) {
        let registrar = registrar.assumingMemoryBound(to: PluginRegistrar.self)
        do { try register(&registrar.pointee) } catch { registrar.pointee.failure = "\(error)" }
    }
}

/// Where a component comes from.
package enum ComponentOrigin: Sendable, Hashable, CustomStringConvertible {
    /// It comes with Regulus.
    case builtIn
    /// The program around Regulus registered it.
    case program
    /// A shared library did, which was loaded at run time.
    case library(path: String)

    package var description: String {
        switch self {
        case .builtIn: "built-in"
        case .program: "this program"
        case .library(let path): path
        }
    }
}

/// A component could not be registered.
public struct RegistrationFault: Error, Hashable, Sendable, CustomStringConvertible {
    let kind: ComponentKind
    let name: String
    let reason: String

    public var description: String { "cannot register the \(kind.noun) '\(name)': \(reason)" }
}
