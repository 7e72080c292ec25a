import Configuration
import Persistence

/// Reads recipes: it takes a text, the settings of the command line and the program's catalogue, and
/// returns a study whose every option exists and has a valid value.
///
/// Nothing is opened or made here. Whether a study fits its data, and its components each other, is
/// found out when it is planned.
package enum RecipeLoader {
    /// Reads a recipe's text.
    ///
    /// - Parameters:
    ///   - file: the path that messages name, and to whose folder paths in the recipe are relative.
    ///   - overrides: `path=value` arguments, later ones over earlier ones.
    ///   - files: where files come from that the recipe extends and includes.
    /// - Throws: everything that is wrong with the recipe or its settings, at once.
    package static func load(
        file: String, text: String, overrides: [String] = [], catalogue: Catalogue, files: RecipeFiles = .disk
    ) throws(RecipeError) -> Study {
        try load(file: file, bytes: Array(text.utf8), overrides: overrides, catalogue: catalogue, files: files)
    }

    /// Reads a recipe as it lies in a file; text that is not UTF-8 is a fault with its place.
    package static func load(
        file: String, bytes: [UInt8], overrides: [String] = [], catalogue: Catalogue, files: RecipeFiles = .disk
    ) throws(RecipeError) -> Study {
        let faults = FaultCollector()
        let study = study(file: file, bytes: bytes, overrides: overrides, catalogue: catalogue, files: files, faults: faults)
        guard let study, faults.isEmpty else { throw faults.error }
        return study
    }

    /// Puts a recipe together without checking it against any catalogue.
    ///
    /// - Throws: what is wrong with its YAML, with what it extends and includes, its variables and the settings.
    package static func resolve(
        recipeAt file: String, settings: [String] = [], files: RecipeFiles = .disk
    ) throws(RecipeError) -> ResolvedRecipe {
        let bytes = try bytes(of: file, files: files)
        let faults = FaultCollector()
        let tree = tree(file: file, bytes: bytes, overrides: settings, files: files, faults: faults)
        guard let tree, faults.isEmpty else { throw faults.error }
        return ResolvedRecipe(file: file, tree: tree)
    }

    /// The shared libraries that a recipe names under `plugins:`, itself or in what it extends, by their absolute paths: they have to be
    /// loaded before the recipe can be checked.
    ///
    /// - Parameter settings: `path=value` arguments, which may change the list.
    /// - Throws: as ``resolve(recipeAt:settings:files:)``, and where the list is not a list of texts.
    package static func pluginPaths(
        ofRecipeAt file: String, settings: [String] = [], files: RecipeFiles = .disk
    ) throws(RecipeError) -> [LocatedPath] {
        let recipe = try resolve(recipeAt: file, settings: settings, files: files)
        let faults = FaultCollector()
        let paths = PluginList.paths(in: recipe.tree, faults: faults)
        guard faults.isEmpty else { throw faults.error }
        return paths
    }

    private static func bytes(of file: String, files: RecipeFiles) throws(RecipeError) -> [UInt8] {
        do throws(FileFault) {
            let data = try files.read(file)
            guard data.count <= YAMLParser.longestText else {
                let reason = "\(data.count) bytes, and a recipe has at most \(YAMLParser.longestText)"
                throw FileFault(action: "read", path: file, reason: reason)
            }
            return Array(data)
        } catch {
            let start = SourceLocation(.file(file), line: 1, column: 1, length: 1, lineText: "")
            throw RecipeError([Diagnostic("\(error)", at: start)])
        }
    }

    /// The tree of a recipe as its readers see it: assembled, with settings, and with the values of all variables that are not swept.
    private static func tree(
        file: String, bytes: [UInt8], overrides: [String], files: RecipeFiles, faults: FaultCollector
    ) -> YAMLNode? {
        guard let assembled = RecipeAssembly(files: files, faults: faults).tree(file: file, bytes: bytes) else { return nil }
        var tree = RowCombinations(faults: faults).writtenOut(in: assembled)
        for setting in settings(overrides, faults: faults) {
            do throws(Diagnostic) {
                try tree.set(setting.value, at: setting.path)
                StudySets.carry(setting, into: &tree)
            } catch {
                faults.report(error)
            }
        }
        guard tree.depth <= LibYAML.deepestNesting else {
            faults.report("with its settings the recipe is nested deeper than \(LibYAML.deepestNesting) levels", at: tree.location)
            return nil
        }
        let swept = ["sweep", "repeat"].flatMap { tree[$0]?.entries ?? [] }.compactMap { entry in
            // A wrong path is reported where it is used.
            try? NodePath(entry.key, at: entry.keyLocation)
        }
        let variables = Variables(of: tree, faults: faults)
        let open = variables.names(in: swept).union(VariantOverlays.variables(in: tree))
        tree = variables.replaced(in: tree, keeping: open)
        return PluginList.absolute(in: tree, files: files)
    }

    private static func settings(_ arguments: [String], faults: FaultCollector) -> [Setting] {
        arguments.enumerated().compactMap { Setting($1, number: $0 + 1, faults: faults) }
    }

    private static func study(
        file: String, bytes: [UInt8], overrides: [String], catalogue: Catalogue, files: RecipeFiles, faults: FaultCollector
    ) -> Study? {
        guard var tree = tree(file: file, bytes: bytes, overrides: overrides, files: files, faults: faults) else { return nil }
        let paths = PathOptions(catalogue, files: files)
        tree = paths.absolute(in: tree)
        let name = tree["name"]?.nameText ?? defaultName(file)
        StudyLimits(faults: faults).check(namesOf: tree, study: name)
        let reader = RecipeReader(catalogue: catalogue, faults: faults)
        // What is wrong with the settings was reported above.
        let settings = settings(overrides, faults: FaultCollector())
        let read = { reader.recipe(paths.absolute(in: $0), defaultName: name) }
        let variants = allVariants(of: tree, settings: settings, faults: faults, read: read)
        guard faults.isEmpty else { return nil }
        let about = about(String(decoding: bytes, as: UTF8.self))
        return Study(
            name: name, file: file, about: about, variants: variants, resolvedYAML: resolved(tree, name: name, about: about))
    }

    /// The tree as a recipe that can be read from another file without losing its name or what is said about it.
    private static func resolved(_ tree: YAMLNode, name: String, about: String?) -> String {
        var tree = tree
        if tree["name"] == nil, case .map(let entries) = tree.content {
            let value = YAMLNode(.scalar(YAMLScalar(quoted: name)), at: tree.location)
            tree.content = .map([YAMLNode.Entry(key: "name", keyLocation: tree.location, value: value)] + entries)
        }
        tree = tree.quotingNames
        let comment = about?.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "#\n" : "# \($0)\n" }
        return (comment ?? []).joined() + LibYAML.text(of: tree)
    }

    /// The variants of every set, where there are sets.
    private static func allVariants(
        of tree: YAMLNode, settings: [Setting], faults: FaultCollector, read: (YAMLNode) -> Recipe?
    ) -> [Study.Variant] {
        guard let sets = StudySets(of: tree, faults: faults).sets else { return variants(of: tree, settings: settings, faults: faults, read: read) }
        var all: [Study.Variant] = []
        for set in sets {
            StudyLimits(faults: faults).check(nameOf: set.name, at: tree.entry(StudySets.key)?.keyLocation ?? tree.location)
            let own = variants(of: set.tree, settings: settings, faults: faults, read: read)
            all += own.map { variant in
                Study.Variant(
                    settings: [(StudySets.dial, .string(set.name))] + variant.settings, repetition: variant.repetition, recipe: variant.recipe,
                    set: set.name, dataset: set.dataset)
            }
            guard all.count <= StudyLimits.mostVariants else {
                faults.report(
                    "the sets make more than \(StudyLimits.mostVariants) recipes", at: tree.entry(StudySets.key)?.keyLocation ?? tree.location,
                    expected: "at most \(StudyLimits.mostVariants)")
                return []
            }
        }
        return all
    }

    /// One recipe for each combination of `sweep:` and `repeat:`.
    private static func variants(
        of tree: YAMLNode, settings: [Setting], faults: FaultCollector, read: (YAMLNode) -> Recipe?
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
        let size = StudyLimits(faults: faults).size(of: tree, sweep: sweep, repetition: repetition)
        guard size.isAllowed else { return [] }
        let overlays = VariantOverlays(of: tree, sweep: sweep, settings: settings, faults: faults)
        var variants: [Study.Variant] = []
        var swept: [YAMLNode] = []
        for settings in sweep.combinations {
            for repeated in repetition.combinations {
                swept.append(applying(settings + repeated, to: tree, faults: faults))
                var applied = overlays.applied(to: swept[swept.count - 1])
                if applied[Variables.key] != nil { applied = Variables(of: applied, faults: faults).replaced(in: applied) }
                guard size.isAllowed(adding: applied) else { return [] }
                guard let recipe = read(applied) else { continue }
                if let rule = recipe.seedRule, !repeated.isEmpty {
                    faults.report(
                        "the number of seeds cannot depend on a difference in a recipe with 'repeat'", at: rule.location,
                        expected: "a list of seeds; what varies with 'repeat' is the draw, so list as many draws as you want")
                    return []
                }
                variants.append(
                    Study.Variant(
                        settings: settings.map { ($0.path.text, $0.value) },
                        repetition: repeated.map { ($0.path.text, $0.value) }, recipe: recipe))
            }
        }
        overlays.reportUnused(in: swept)
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

/// A recipe with everything that it extends and includes, after `--set` and with the values of its
/// variables, before it is checked against the program's components.
package struct ResolvedRecipe: Sendable {
    /// The path under which it was opened.
    package let file: String
    let tree: YAMLNode

    /// As YAML, which reads as the same recipe from any folder.
    package var yaml: String { LibYAML.text(of: tree) }
}

extension RecipeLoader {
    /// Reads a data set as an argument names it: `watch`, or `{use: tensors, file: heart.safetensors}`; paths are relative to the current folder.
    ///
    /// - Throws: everything that is wrong with the text.
    package static func dataset(_ text: String, catalogue: Catalogue, files: RecipeFiles = .disk) throws(RecipeError) -> ComponentChoice {
        let faults = FaultCollector()
        if let setting = Setting("data=\(text)", number: 1, faults: faults) {
            let entry = YAMLNode.Entry(key: "data", keyLocation: setting.value.location, value: setting.value)
            let tree = PathOptions(catalogue, files: files).absolute(in: YAMLNode(.map([entry]), at: setting.value.location))
            let reader = ComponentReader(kind: .datasets, catalogue: catalogue, faults: faults)
            if let node = tree["data"], let choice = reader.choice(node, name: "data", at: node.location), faults.isEmpty { return choice }
        }
        throw faults.error
    }

    /// Reads a measurement as an argument names it: `dependence`, or `dependence: {samples: 500}`; paths are relative to the current folder.
    ///
    /// - Throws: everything that is wrong with the text.
    package static func measurement(_ text: String, catalogue: Catalogue, files: RecipeFiles = .disk) throws(RecipeError) -> MeasurementChoice {
        let faults = FaultCollector()
        if let setting = Setting("measure=[\(text)]", number: 1, faults: faults) {
            let list = PathOptions(catalogue, files: files).absolute(in: setting.value)
            let found = MeasurementReader(catalogue: catalogue, faults: faults).measurements([list], owner: "the command")
            if let choice = found.first, found.count == 1, faults.isEmpty { return choice }
            if faults.isEmpty { faults.report("one measurement is expected here, not \(found.count)", at: setting.value.location) }
        }
        throw faults.error
    }
}

/// What a recipe may name: everything that reading a recipe has to know of the program, as plain
/// values.
package struct Catalogue: Sendable {
    private let descriptions: [ComponentKind: [ComponentDescription]]

    /// - Parameter descriptions: what is told about the components of each kind.
    package init(_ descriptions: (ComponentKind) -> [ComponentDescription]) {
        self.descriptions = Dictionary(uniqueKeysWithValues: ComponentKind.allCases.map { ($0, descriptions($0)) })
    }

    package subscript(kind: ComponentKind) -> [ComponentDescription] { descriptions[kind] ?? [] }

    /// The components that have an option, each as `optimizer sgd`, those of one kind first.
    func owners(of option: String, preferring kind: ComponentKind) -> [String] {
        let kinds = [kind] + ComponentKind.allCases.filter { $0 != kind }
        return kinds.flatMap { kind in self[kind].filter { $0[option: option] != nil }.map { "\(kind.noun) \($0.name)" } }
    }
}
