import Configuration

/// Reads recipes: text, settings of the command line and the program's catalogue in, a checked study out.
package enum RecipeLoader {
    /// Reads a recipe's text.
    ///
    /// - Parameters:
    ///   - file: the path that messages name.
    ///   - overrides: `path=value` arguments, later ones over earlier ones.
    /// - Throws: everything that is wrong with the recipe, its settings or its data, at once.
    package static func load(
        file: String, text: String, overrides: [String] = [], catalogue: Catalogue
    ) throws(RecipeError) -> Study {
        try load(file: file, bytes: Array(text.utf8), overrides: overrides, catalogue: catalogue)
    }

    /// Reads a recipe as it lies in a file; text that is not UTF-8 is a fault with its place.
    package static func load(
        file: String, bytes: [UInt8], overrides: [String] = [], catalogue: Catalogue
    ) throws(RecipeError) -> Study {
        let faults = FaultCollector()
        let study = study(file: file, bytes: bytes, overrides: overrides, catalogue: catalogue, faults: faults)
        guard let study, faults.isEmpty else { throw RecipeError(faults.diagnostics) }
        return study
    }

    private static func study(
        file: String, bytes: [UInt8], overrides: [String], catalogue: Catalogue, faults: FaultCollector
    ) -> Study? {
        guard var tree = YAMLParser.parse(bytes, file: file, faults: faults) else { return nil }
        for (index, argument) in overrides.enumerated() {
            guard let setting = Setting(argument, number: index + 1, faults: faults) else { continue }
            do throws(Diagnostic) {
                try tree.set(setting.value, at: setting.path)
            } catch {
                faults.report(error)
            }
        }
        let name = tree["name"]?.nameText ?? defaultName(file)
        let reader = RecipeReader(
            catalogue: catalogue, faults: faults, inspector: DatasetInspector(catalogue: catalogue, faults: faults))
        let variants = variants(of: tree, faults: faults) { reader.recipe($0, defaultName: name) }
        guard faults.isEmpty else { return nil }
        return Study(
            name: name, file: file, about: about(String(decoding: bytes, as: UTF8.self)), variants: variants,
            resolvedYAML: LibYAML.text(of: tree))
    }

    /// One recipe for each combination of `sweep:` and `repeat:`.
    private static func variants(
        of tree: YAMLNode, faults: FaultCollector, read: (YAMLNode) -> Recipe?
    ) -> [Study.Variant] {
        func expansion(_ name: String) -> Expansion {
            Expansion(tree[name], name: name, at: tree.entry(name)?.keyLocation ?? tree.location, faults: faults)
        }
        let sweep = expansion("sweep")
        let repetition = expansion("repeat")
        for axis in repetition.axes where sweep.axes.contains(where: { $0.path.text == axis.path.text }) {
            faults.report("'\(axis.path.text)' is swept already", at: axis.location, expected: "each path once")
        }
        for axis in sweep.axes + repetition.axes where ["sweep", "repeat"].contains(axis.path.components[0].name) {
            faults.report("'\(axis.path.text)' cannot be swept itself", at: axis.location, expected: "a path to a setting")
        }
        for (key, axes) in [("sweep", sweep.axes), ("repeat", repetition.axes)] {
            for axis in axes {
                let value = tree.value(at: axis.path.components[...])
                Expansion.refuseOverwritten(value, by: axis.path, key: key, faults: faults)
            }
        }
        var variants: [Study.Variant] = []
        for settings in sweep.combinations {
            for repeated in repetition.combinations {
                guard let recipe = read(applying(settings + repeated, to: tree, faults: faults)) else { continue }
                variants.append(
                    Study.Variant(
                        settings: settings.map { ($0.path.text, $0.value) },
                        repetition: repeated.map { ($0.path.text, $0.value) }, recipe: recipe))
            }
        }
        return variants
    }

    private static func applying(_ assignments: [Assignment], to tree: YAMLNode, faults: FaultCollector) -> YAMLNode {
        var tree = tree
        for assignment in assignments {
            do throws(Diagnostic) {
                try tree.set(assignment.node, at: assignment.path)
            } catch {
                faults.report(error)
            }
        }
        return tree
    }

    /// `table13` for `recipes/table13.yaml`.
    private static func defaultName(_ file: String) -> String {
        let last = file.split(separator: "/").last.map(String.init) ?? file
        guard let dot = last.lastIndex(of: "."), dot > last.startIndex else { return last }
        return String(last[..<dot])
    }

    /// The comment lines at the top, without their signs.
    private static func about(_ text: String) -> String? {
        let lines = SourceText.lines(of: text).prefix { $0.hasPrefix("#") }
        let comment = lines.map { line in
            let body = line.dropFirst()
            return String(body.first == " " ? body.dropFirst() : body)
        }
        return comment.isEmpty ? nil : comment.joined(separator: "\n")
    }
}
