import Configuration

/// `variants:`, what differs in some variants of a sweep beyond the values that are swept:
///
/// ```yaml
/// sweep: {model.fusion.use: [late, cross-attention]}
/// variants:
///   - where: {model.fusion.use: late}
///     expect: {rows: {Fusion: {average: 59.09}}}
/// ```
///
/// An item is laid over the recipe in every variant that has all the values of `where`, later ones over earlier ones, and `--set` over
/// all. Rows, seeds and what is held out are those of the whole study and cannot differ.
struct VariantOverlays {
    static let key = "variants"
    private static let whereKey = "where"
    private static let keys = [whereKey, "data", "task", "model", "training", "tuning", "regularizers", "variables", "expect"]

    private struct Overlay {
        let conditions: [(path: NodePath, value: YAMLNode)]
        let body: YAMLNode
        let location: SourceLocation
    }

    private let overlays: [Overlay]
    private let settings: [Setting]
    private let faults: FaultCollector

    /// - Parameters:
    ///   - tree: the recipe before its sweep is made.
    ///   - settings: those that the recipe was changed by, and that stay on top.
    init(of tree: YAMLNode, sweep: Expansion, settings: [Setting], faults: FaultCollector) {
        self.settings = settings
        self.faults = faults
        guard let entry = tree.entry(Self.key), !entry.value.isNull else {
            overlays = []
            return
        }
        guard let items = entry.value.items else {
            faults.report(
                "\(Self.key) cannot be \(entry.value.phrase)", at: entry.value.location, expected: "a list of sections, each with where")
            overlays = []
            return
        }
        let swept = sweep.axes.map(\.path.text)
        let variables = tree["variables"]?.entries?.map(\.key) ?? []
        let known = Set(variables)
        overlays = items.compactMap { item in
            guard let section = SectionReader(item, name: "a variant", at: item.location, faults: faults) else { return nil }
            section.refuseKeys(except: Self.keys)
            for entry in item["variables"]?.entries ?? [] where !known.contains(entry.key) {
                faults.reportUnknown("variable", printable(entry.key), at: entry.keyLocation, known: variables)
            }
            guard item[Self.whereKey] != nil else {
                section.reportMissing(Self.whereKey, expected: "paths of the sweep, each with a value")
                return nil
            }
            let conditions: [(path: NodePath, value: YAMLNode)] =
                section.section(Self.whereKey)?.node.entries?.compactMap { entry in
                    do throws(Diagnostic) {
                        let path = try NodePath(entry.key, at: entry.keyLocation)
                        if swept.contains(path.text) || tree.value(at: path.components[...]) != nil { return (path, entry.value) }
                        faults.report(
                            "nothing is set at '\(printable(path.text))'", at: entry.keyLocation,
                            expected: swept.isEmpty ? "a path of the recipe" : "a path of the sweep: " + swept.joined(separator: ", "),
                            suggestion: nearestName(to: path.text, among: swept))
                    } catch {
                        faults.report(error)
                    }
                    return nil
                } ?? []
            var body = item
            _ = body.removeEntry(Self.whereKey)
            return Overlay(conditions: conditions, body: body, location: item.entry(Self.whereKey)?.keyLocation ?? item.location)
        }
    }

    /// The variables that some variants set: they keep their names until those are made.
    static func variables(in tree: YAMLNode) -> Set<String> {
        Set(tree[key]?.items?.flatMap { $0["variables"]?.entries?.map(\.key) ?? [] } ?? [])
    }

    /// The tree of one variant, whose swept values are in their places, with what is laid over it.
    func applied(to variant: YAMLNode) -> YAMLNode {
        let fitting = overlays.filter { overlay in
            overlay.conditions.allSatisfy { variant.value(at: $0.path.components[...]) == $0.value }
        }
        guard !fitting.isEmpty else { return variant }
        var tree = fitting.reduce(variant) { $0.extended(by: $1.body, faults: faults) }
        for setting in settings where !["sweep", "repeat"].contains(setting.path.components[0].name) {
            // A variable that no variant sets has given its value to what uses it, and is gone.
            if let variable = Variables.variable(of: setting.path), variant[Variables.key]?[variable.name] == nil { continue }
            // It was possible before, and an overlay takes nothing away.
            try? tree.set(setting.value, at: setting.path)
        }
        return tree
    }

    /// Reports overlays that fit none of the variants: their values are misspelt, unless a setting made the sweep another one.
    func reportUnused(in variants: [YAMLNode]) {
        for overlay in overlays {
            let paths = overlay.conditions.map(\.path.text)
            let isChanged = settings.contains { $0.path.components[0].name == "sweep" || paths.contains($0.path.text) }
            let fits = variants.contains { variant in
                overlay.conditions.allSatisfy { variant.value(at: $0.path.components[...]) == $0.value }
            }
            if fits || isChanged { continue }
            faults.report("no variant has these values", at: overlay.location, expected: "values that the sweep gives to these paths")
        }
    }
}
