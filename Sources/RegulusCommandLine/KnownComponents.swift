import ArgumentParser
import Configuration
import Networks
import Persistence
import Recipes
import Registration
import Training

/// Everything that recipes can name in this run of the program, and where it comes from.
struct KnownComponents {
    let registrar: PluginRegistrar
    let optimizers: OptimizerRegistry
    private let foreignCode: [String: String]

    init(_ registrar: PluginRegistrar) throws {
        self.registrar = registrar
        optimizers = try .standard()
        var digests: [ComponentOrigin: String] = [:]
        for origin in Set(registrar.additions.map(\.origin)) {
            switch origin {
            case .builtIn: break
            case .program: digests[origin] = try SHA256Digest(ofFile: "/proc/self/exe").hex
            case .library(let path): digests[origin] = try SHA256Digest(ofFile: path).hex
            }
        }
        let named = registrar.additions.compactMap { addition in digests[addition.origin].map { (addition.name, $0) } }
        foreignCode = Dictionary(named) { first, _ in first }
    }

    /// The same as experiments use it.
    var components: Components {
        Components(
            datasets: registrar.datasets, encoders: registrar.encoders, fusions: registrar.fusions, models: registrar.models,
            optimizers: optimizers, regularizers: registrar.regularizers, measurements: registrar.measurements,
            foreignCode: foreignCode)
    }

    /// What plug-ins brought, for a user who looks for a name; nil where they brought nothing.
    var additionsText: String? {
        let texts = registrar.additions.map { "\($0.kind.noun) '\($0.name)' (from \($0.origin))" }
        return texts.isEmpty ? nil : "registered besides the built-in ones: " + texts.joined(separator: ", ")
    }
}

extension ComponentKind: ExpressibleByArgument {
    func descriptions(in known: KnownComponents) -> [ComponentDescription] {
        switch self {
        case .regularizers: known.registrar.regularizers.descriptions
        case .encoders: known.registrar.encoders.descriptions
        case .fusions: known.registrar.fusions.descriptions
        case .models: known.registrar.models.descriptions
        case .datasets: known.registrar.datasets.descriptions
        case .measurements: known.registrar.measurements.descriptions
        case .optimizers: known.optimizers.descriptions
        }
    }
}
