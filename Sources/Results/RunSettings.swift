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
    /// What whoever starts the run or reads its report should know first, one sentence each.
    package var notices: [String]
    /// Processor and operating system.
    package var machine: String
    package var threads: Int
    /// Names and versions of what did the arithmetic, such as `OpenBLAS 0.3.21 Zen`.
    package var versions: [String]
    /// Instance names of each row's regularizers, by row, in the row's order; those common to all rows included.
    /// It tells which rows are combinations of the same regularizers. A row that is not listed is not looked at.
    package var regularizers: [String: [String]]
    /// Figures to compare with; nil for a recipe without `expect`.
    package var expected: ExpectedFigures?
    /// The command that repeats the run, as one would type it; nil where it is not known.
    package var command: String?
    /// Trials whose results an earlier run had left in the folder.
    package var reused: [TrialKey]

    package init(
        recipe: String, baseline: String?, rows: [String], targets: [String], seeds: [Int],
        dials: [String] = [], variants: [[String: String]] = [[:]], repetitions: [[String: String]] = [[:]],
        selection: String, protocolText: String, settings: [String] = [], notices: [String] = [],
        machine: String, threads: Int, versions: [String] = [], regularizers: [String: [String]] = [:],
        expected: ExpectedFigures? = nil, command: String? = nil, reused: [TrialKey] = []
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
        self.notices = notices
        self.machine = machine
        self.threads = threads
        self.versions = versions
        self.regularizers = regularizers
        self.expected = expected
        self.command = command
        self.reused = reused
    }

    /// Settings that were written before `regularizers`, `notices` or `reused` existed are read as having none.
    ///
    /// - Throws: `DecodingError` when another entry is missing or has another type.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        recipe = try fields.decode(String.self, forKey: .recipe)
        baseline = try fields.decodeIfPresent(String.self, forKey: .baseline)
        rows = try fields.decode([String].self, forKey: .rows)
        targets = try fields.decode([String].self, forKey: .targets)
        seeds = try fields.decode([Int].self, forKey: .seeds)
        dials = try fields.decode([String].self, forKey: .dials)
        variants = try fields.decode([[String: String]].self, forKey: .variants)
        repetitions = try fields.decode([[String: String]].self, forKey: .repetitions)
        selection = try fields.decode(String.self, forKey: .selection)
        protocolText = try fields.decode(String.self, forKey: .protocolText)
        settings = try fields.decode([String].self, forKey: .settings)
        notices = try fields.decodeIfPresent([String].self, forKey: .notices) ?? []
        machine = try fields.decode(String.self, forKey: .machine)
        threads = try fields.decode(Int.self, forKey: .threads)
        versions = try fields.decode([String].self, forKey: .versions)
        regularizers = try fields.decodeIfPresent([String: [String]].self, forKey: .regularizers) ?? [:]
        expected = try fields.decodeIfPresent(ExpectedFigures.self, forKey: .expected)
        command = try fields.decodeIfPresent(String.self, forKey: .command)
        reused = try fields.decodeIfPresent([TrialKey].self, forKey: .reused) ?? []
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
