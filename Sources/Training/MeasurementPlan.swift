import Persistence

/// A measurement of a study: which one, with which options, under which name.
package struct MeasurementPlan: Sendable, Hashable {
    /// Its name in the recipe.
    package let instance: String
    /// The measurement and the options that the recipe gives.
    package let component: ComponentPlan
    /// Digest of its code, where it does not come with Regulus.
    package let foreignCode: String?

    package init(_ component: ComponentPlan, instance: String, foreignCode: String? = nil) {
        self.component = component
        self.instance = instance
        self.foreignCode = foreignCode
    }

    /// The options, as the recipe spells them.
    package var optionTexts: [String: String] { component.options.mapValues(\.description) }

    /// A file name for exactly this measurement with exactly these options under this program.
    package var identity: String {
        let options = optionTexts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let lines = ["program \(ProgramCode.digest)", "instance \(instance)", "measurement \(component.name)"] + options + [foreignCode ?? ""]
        return "\(component.name).\(SHA256Digest(of: lines.joined(separator: "\n")).hex.prefix(16))"
    }
}
