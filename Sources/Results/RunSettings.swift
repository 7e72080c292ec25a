/// What a run set out to do, in the recipe's order: the frame that results are put into.
///
/// The planned trials are every row × target × seed × variant × repetition, so that a report can tell
/// a trial that failed or was never run from one that was never asked for.
package struct RunSettings: Hashable, Codable, Sendable {
    /// The recipe's name, the first line of every report.
    package var recipe: String
    /// The row that all others are compared with; nil for a recipe without comparison.
    package var baseline: String?
    /// Names of the rows, in the recipe's order.
    package var rows: [String]
    /// Names of the columns (held-out domains), in the data set's order.
    package var targets: [String]
    package var seeds: [Int]
    /// Recipe paths that a sweep changes, in the recipe's order; empty without a sweep.
    package var dials: [String]
    /// The swept settings, in order, each dial path to value; one empty assignment without a sweep.
    package var variants: [[String: String]]
    /// The repetitions under equal conditions, in order; one empty assignment without repetitions.
    package var repetitions: [[String: String]]
    /// The selection rule in words.
    package var selection: String
    /// The protocol in words: which domains train, which are held out.
    package var protocolText: String
    /// Further lines to print under the table: data, model, optimizer, batch.
    package var settings: [String]
    /// Processor and operating system.
    package var machine: String
    package var threads: Int
    /// Names and versions of what did the arithmetic, such as `OpenBLAS 0.3.21 Zen`.
    package var versions: [String]

    package init(
        recipe: String, baseline: String?, rows: [String], targets: [String], seeds: [Int],
        dials: [String] = [], variants: [[String: String]] = [[:]], repetitions: [[String: String]] = [[:]],
        selection: String, protocolText: String, settings: [String] = [],
        machine: String, threads: Int, versions: [String] = []
    ) {
        self.recipe = recipe
        self.baseline = baseline
        self.rows = rows
        self.targets = targets
        self.seeds = seeds
        self.dials = dials
        self.variants = variants
        self.repetitions = repetitions
        self.selection = selection
        self.protocolText = protocolText
        self.settings = settings
        self.machine = machine
        self.threads = threads
        self.versions = versions
    }

    /// Every planned trial, ordered by variant, repetition, row, target and seed.
    package var keys: [TrialKey] {
        variants.flatMap { variant in
            repetitions.flatMap { repetition in
                rows.flatMap { row in
                    targets.flatMap { target in
                        seeds.map { seed in
                            TrialKey(
                                row: row, target: target, seed: seed, variant: variant, repetition: repetition)
                        }
                    }
                }
            }
        }
    }
}
