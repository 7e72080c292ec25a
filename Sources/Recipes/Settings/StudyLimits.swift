import Configuration

/// How large a study may become. Each of its parts has a limit of its own; these limits are for their
/// products, and for names, which become names of folders. A recipe beyond them is a mistake, and
/// without them it would take hours and gigabytes until it is refused.
struct StudyLimits {
    /// Recipes that `sweep:` and `repeat:` make.
    static let mostVariants = 10_000
    /// Values of a recipe times its variants.
    static let mostValues = 1 << 24
    /// Rows of all variants, each counted with every combination that its `tune:` tries.
    static let mostCandidates = 50_000
    /// Trainings: candidates and rows, on every target and seed.
    static let mostTrainings = 1_000_000
    /// Bytes of a name of the study or of a row.
    static let longestName = 200
    /// Bytes of the swept paths and values that name a variant.
    static let longestSettings = 1000

    let faults: FaultCollector

    /// Reports names that could not be those of folders.
    func check(namesOf tree: YAMLNode, study: String) {
        check(study, at: tree["name"]?.location ?? tree.location, what: "the study's name")
        for item in tree["rows"]?.items ?? [] {
            guard let node = item.isScalar ? item : item["name"], let name = node.nameText else { continue }
            check(name, at: node.location, what: "the row's name")
        }
    }

    /// Reports the name of a set that could not be part of a folder's.
    func check(nameOf set: String, at location: SourceLocation) { check(set, at: location, what: "a set's name") }

    private func check(_ name: String, at location: SourceLocation, what: String) {
        guard name.utf8.count > Self.longestName else { return }
        faults.report(
            "\(what) has \(name.utf8.count) bytes", at: location, expected: "at most \(Self.longestName), as it names a folder")
    }

    /// Reports variants that are too many, or whose names would be too long for folders.
    func size(of tree: YAMLNode, sweep: Expansion, repetition: Expansion) -> Size {
        let location = (tree.entry("sweep") ?? tree.entry("repeat"))?.keyLocation ?? tree.location
        let size = Size(faults: faults, location: location)
        let variants = sweep.count * repetition.count
        let values = tree.count
        if variants > Double(Self.mostVariants) {
            size.refuse("sweep and repeat together make \(OptionValue.number(variants)) recipes", expected: "at most \(Self.mostVariants)")
        } else if variants * Double(values) > Double(Self.mostValues) {
            size.refuse(
                "a recipe of \(values) values in \(OptionValue.number(variants)) variants is too much to read",
                expected: "at most \(Self.mostValues) values in all")
        }
        let longest = (sweep.axes + repetition.axes).reduce(0) { sum, axis in
            sum + axis.path.text.utf8.count + (axis.values.map { $0.value.description.utf8.count }.max() ?? 0)
        }
        if longest > Self.longestSettings {
            size.refuse(
                "the name of a variant, made of the swept paths and values, would have \(longest) bytes",
                expected: "at most \(Self.longestSettings), as they name a folder")
        }
        return size
    }

    /// What has been made of a recipe so far.
    final class Size {
        private let faults: FaultCollector
        private let location: SourceLocation
        private var candidates = 0.0
        private var values = 0.0
        private(set) var isAllowed = true

        fileprivate init(faults: FaultCollector, location: SourceLocation) {
            (self.faults, self.location) = (faults, location)
        }

        /// Counts the candidates of one variant before they are made.
        func isAllowed(adding variant: YAMLNode) -> Bool {
            // Each candidate reads the regularizers and the training of all rows and its own.
            func size(_ node: YAMLNode) -> Double { Double((node["regularizers"]?.count ?? 0) + (node["training"]?.count ?? 0)) }
            let common = size(variant)
            for row in variant["rows"]?.items ?? [] {
                let count = Self.candidates(row["tune"])
                candidates += count
                values += count * (common + size(row))
            }
            if values > Double(StudyLimits.mostValues), isAllowed {
                refuse(
                    "the regularizers and training of all rows are \(OptionValue.number(values)) values or more",
                    expected: "at most \(StudyLimits.mostValues) values in all")
            }
            if candidates > Double(StudyLimits.mostCandidates), isAllowed {
                let rows = variant.entry("rows")?.keyLocation ?? location
                faults.report(
                    "the rows of all variants try \(OptionValue.number(candidates)) combinations or more", at: rows,
                    expected: "at most \(StudyLimits.mostCandidates)")
                isAllowed = false
            }
            return isAllowed
        }

        fileprivate func refuse(_ message: String, expected: String) {
            faults.report(message, at: location, expected: expected)
            isAllowed = false
        }

        private static func candidates(_ tune: YAMLNode?) -> Double {
            guard let entries = tune?.entries else { return 1 }
            if case .integer(let budget) = tune?["budget"]?.optionValue { return Double(max(1, budget)) }
            return entries.reduce(1) { $0 * Double(max(1, $1.value.items?.count ?? 1)) }
        }
    }
}

/// The trainings of a study, counted variant by variant before any of them is planned.
package struct TrainingCount {
    /// Trials of a study: as many as the settings of a run folder may list.
    package static let mostTrials = 200_000

    private var count = 0.0
    private var trials = 0.0

    package init() {}

    /// Adds the trainings of a variant on its data.
    ///
    /// - Returns: the fault of a study with more trainings than anyone could mean; nil where it is
    ///   within the limit.
    package mutating func add(_ recipe: Recipe, on facts: DatasetFacts) -> RecipeFault? {
        let columns = Double(recipe.evaluation.columns(among: facts.domains).count)
        for row in recipe.rows {
            let rehearsals = row.candidates.count > 1 ? row.candidates.count * recipe.tuning.seeds.count : 0
            count += columns * Double(rehearsals + recipe.seeds.count)
            trials += columns * Double(recipe.seeds.count)
        }
        if count > Double(StudyLimits.mostTrainings) {
            return RecipeFault(
                RecipePath(), "the study has \(OptionValue.number(count)) trainings or more",
                expected: "at most \(StudyLimits.mostTrainings): fewer seeds, variants, rows or combinations to try")
        }
        guard trials > Double(Self.mostTrials) else { return nil }
        return RecipeFault(
            RecipePath(), "the study has \(OptionValue.number(trials)) trials or more",
            expected: "at most \(Self.mostTrials): fewer seeds, variants or rows")
    }
}
