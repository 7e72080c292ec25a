import Configuration
import Foundation
import Recipes
import Registration
import Regularization

/// A component's description, ready to be printed or encoded.
struct ComponentDocument: Encodable {
    struct Option: Encodable {
        let name: String
        let accepts: String
        let defaultValue: String
        let unit: String?
        let help: String

        enum CodingKeys: String, CodingKey {
            case name, accepts, unit, help
            case defaultValue = "default"
        }
    }

    let kind: String
    let name: String
    let summary: String
    let formula: String?
    let source: String?
    /// What it costs in each step.
    let cost: String?
    let notes: [String]
    let options: [Option]
    /// Where the source, or a benchmark, searches options.
    let search: [String]
    /// Why there is no published search; nil where there is one.
    let unsearched: String?
    let origin: String
    /// What a regularizer does, such as `adds a penalty`; nil for other components.
    let hooks: [String]?
    /// What a regularizer needs of a batch and of the data; nil for other components.
    let needs: [String]?
    /// What a regularizer does that may conflict with other terms; nil for other components.
    let traits: [String]?
    /// Which other terms a regularizer conflicts with, and why; nil for other components.
    let excludes: [String]?
    /// Whether a regularizer reads other terms of the row; nil for other components.
    let readsTerms: Bool?
    /// What a regularizer can act on; nil for other components.
    let places: [String]?
    /// The weight that a regularizer has where a recipe gives none; nil for other components.
    let weight: Double?
    /// The kinds of targets that a regularizer can serve; nil for other components.
    let tasks: [String]?

    init(_ description: ComponentDescription, kind: ComponentKind, origin: ComponentOrigin, regularizer: RegularizerRegistry.Entry? = nil) {
        hooks = regularizer?.hooks.map(\.summary)
        needs = regularizer.map { entry in
            (entry.minimumBatch > 1 ? ["at least \(entry.minimumBatch) samples a batch"] : []) + entry.needs.map(\.summary)
        }
        traits = regularizer?.traits.map(\.summary)
        excludes = regularizer?.excludes.map(\.description)
        readsTerms = regularizer?.readsTerms
        places = regularizer?.places.map(\.rawValue)
        tasks = regularizer?.tasks.map(\.rawValue)
        weight = regularizer?.defaultWeight
        self.kind = String(kind.rawValue.dropLast())
        self.origin = origin.description
        name = description.name
        summary = description.summary
        formula = description.formula
        source = description.source
        cost = description.cost
        notes = description.notes
        search = description.search.map(\.description)
        unsearched = description.unsearched
        options = description.options.map { option in
            Option(
                name: option.name, accepts: option.expectation,
                defaultValue: option.isRequired ? "required" : option.defaultValue.description, unit: option.unit, help: option.help)
        }
    }

    var text: String {
        var lines = ["\(name) (\(kind))", "  \(summary)"]
        if let formula { lines.append("  formula: \(formula)") }
        if let source { lines.append("  source:  \(source)") }
        if origin != ComponentOrigin.builtIn.description { lines.append("  from:    \(origin)") }
        if let tasks, tasks.count < TargetKind.allCases.count { lines.append("  serves:  tasks of \(tasks.joined(separator: " or "))") }
        if let hooks { lines.append("  does:    \(hooks.joined(separator: ", "))") }
        if let cost { lines.append("  cost:    \(cost)") }
        if let needs, !needs.isEmpty { lines.append("  needs:   \(needs.joined(separator: ", "))") }
        if readsTerms == true { lines.append("  reads:   other terms of the row, which its options name") }
        for exclusion in excludes ?? [] { lines.append("  excludes: \(exclusion)") }
        if !options.isEmpty { lines.append("  options:") }
        for option in options {
            let standard = option.defaultValue == "required" ? "required" : "default \(option.defaultValue)"
            lines.append("    \(option.name): \(option.accepts), \(standard)")
            lines.append("        \(option.help)")
        }
        if !search.isEmpty {
            // What `tune: default` draws are values of regularizers.
            let who = kind == "regularizer" ? "searched, and by `tune: default`" : "searched"
            lines.append("  \(who): \(search.joined(separator: "; "))")
        }
        if let unsearched { lines.append("  no published search: \(unsearched)") }
        if kind == "regularizer" {
            lines.append("  keys that every regularizer also has:")
            for key in RegularizerChoice.keys {
                let standard = key.name == "weight" ? weight.map(OptionValue.number)?.description ?? key.standard : key.standard
                lines.append("    \(key.name): \(key.accepts), default \(standard)")
                lines.append("        \(key.help)")
            }
        }
        lines += notes.map { "  \($0)" }
        return lines.joined(separator: "\n")
    }
}
