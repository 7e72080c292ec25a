import ArgumentParser
import Configuration
import Persistence
import Registration
import Training

/// Everything that recipes can name in this run of the program, and where it comes from.
struct KnownComponents {
    let registrar: PluginRegistrar
    /// The same as a study uses it.
    let components: Components

    init(_ registrar: PluginRegistrar) throws {
        self.registrar = registrar
        var digests: [ComponentOrigin: String] = [:]
        for case .library(let path) in Set(registrar.additions.map(\.origin)) {
            digests[.library(path: path)] = try SHA256Digest(ofFile: path).hex
        }
        // What the program itself registers is in its own digest.
        let named = registrar.additions.compactMap { addition in digests[addition.origin].map { (addition.name, $0) } }
        var components = registrar.components
        components.foreignCode = Dictionary(named) { first, _ in first }
        self.components = components
    }

    /// What plug-ins brought, for a user who looks for a name; nil where they brought nothing.
    var additionsText: String? {
        let texts = registrar.additions.map { "\($0.kind.noun) '\($0.name)' (from \($0.origin))" }
        return texts.isEmpty ? nil : "registered besides the built-in ones: " + texts.joined(separator: ", ")
    }
}

extension ComponentKind: ExpressibleByArgument {}
