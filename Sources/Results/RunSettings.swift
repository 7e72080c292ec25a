/// What a run set out to do, in the recipe's order: the frame that results are put into.
///
/// The planned trials are those of all variants, so that a report can tell a trial that failed or was never run from one that was never
/// asked for.
package struct RunSettings: Hashable, Sendable {
    /// The recipe's name, the first line of every report.
    package var recipe: String
    /// Recipe paths that a sweep changes, in the recipe's order; empty without a sweep.
    package var dials: [String]
    /// What is trained under each setting of the sweep, in order; one without a sweep.
    package var variants: [VariantSettings]
    /// What a user should know before the run and in its report, one sentence each.
    package var notices: [String]
    /// Processor and operating system.
    package var machine: String
    package var threads: Int
    /// Names and versions of what did the arithmetic, such as `OpenBLAS 0.3.21 Zen`.
    package var versions: [String]
    /// Figures to compare with; nil for a recipe without `expect`.
    package var expected: ExpectedFigures?
    /// The command that repeats the run, as one would type it; nil where it is not known.
    package var command: String?
    /// Digest of the resolved recipe beside these settings; nil where it is not known.
    package var resolvedRecipe: String?
    /// Trials whose results an earlier run had left in the folder.
    package var reused: [TrialKey]

    package init(
        recipe: String, dials: [String] = [], variants: [VariantSettings], notices: [String] = [], machine: String, threads: Int,
        versions: [String] = [], expected: ExpectedFigures? = nil, command: String? = nil, reused: [TrialKey] = []
    ) {
        self.recipe = recipe
        self.dials = dials
        self.variants = variants
        self.notices = notices
        self.machine = machine
        self.threads = threads
        self.versions = versions
        self.expected = expected
        self.command = command
        self.reused = reused
    }

    /// The rows of all variants, each once, in order of appearance.
    package var rows: [String] { variants.flatMap(\.rows).distinct }
    /// The columns of all variants, each once, in order of appearance.
    package var targets: [String] { variants.flatMap(\.targets).distinct }
    /// The seeds of all variants, each once, in order of appearance.
    package var seeds: [Int] { variants.flatMap(\.seeds).distinct }
    /// The repetitions of all variants, each once, in order of appearance.
    package var repetitions: [[String: String]] { variants.flatMap(\.repetitions).distinct }

    /// Every planned trial, ordered by variant, repetition, row, target and seed.
    package var keys: [TrialKey] { variants.flatMap(\.keys) }
    /// How many trials are planned.
    package var trialCount: Int { variants.reduce(0) { $0 + $1.trialCount } }
}

/// What a run trains under one setting of its sweep. Variants may differ in everything: a sweep can change the data or the protocol.
package struct VariantSettings: Hashable, Sendable {
    /// What the sweep sets, recipe path to value; empty without a sweep.
    package var assignment: [String: String]
    /// The row that all others are compared with; nil for a recipe without comparison.
    package var baseline: String?
    /// Names of the rows, in the recipe's order.
    package var rows: [String]
    /// Names of the columns, in the data set's order.
    package var targets: [String]
    /// What the columns are.
    package var heldOut = HeldOut.domain
    /// What each column's model is trained on, where one training serves several columns: columns with equal entries are evaluations of
    /// the same training, and no independent evidence. A column that is not listed has a training of its own.
    package var trainedOn: [String: String]
    package var seeds: [Int]
    /// The repetitions under equal conditions, in order; one empty assignment without repetitions.
    package var repetitions: [[String: String]]
    /// The selection rule in words.
    package var selection: String
    /// The protocol in words: which domains train, which are held out.
    package var protocolText: String
    /// Further lines to print under the tables: data, model, optimizer, batch.
    package var lines: [String]
    /// Instance names of each row's regularizers, by row, in the row's order; those common to all rows included.
    /// It tells which rows are combinations of the same regularizers. A row that is not listed is not looked at.
    package var regularizers: [String: [String]]
    /// The task's scores, at least one; the table shows the first one, and epochs and tuned values are selected by it.
    package var scores: [ScoreDescription]
    /// What each row is, a line for each of its parts, with every value that was used.
    package var descriptions: [String: [String]] = [:]
    /// What the data consist of; nil where no classes are learned.
    package var samples: SampleCounts?
    /// How many samples each column's trainings have with the first seed; empty where it is not known.
    package var parts: [SampleParts] = []
    /// The data set that the variant is a setting of: variants with equal names share data, and are not independent evidence about other
    /// data. Nil where it is not known.
    package var dataset: String?
    /// How it is decided how many of the seeds are trained; nil where all are.
    package var design: SeedDesign?
    /// What is trained for each row, by a name that changes with it: see `StudyRegistration.Row.digest`. Empty where it is not known.
    package var digests: [String: String]

    package init(
        assignment: [String: String] = [:], baseline: String?, rows: [String], targets: [String], trainedOn: [String: String] = [:],
        seeds: [Int], repetitions: [[String: String]] = [[:]], selection: String, protocolText: String, lines: [String] = [],
        regularizers: [String: [String]] = [:], scores: [ScoreDescription] = [.accuracy], dataset: String? = nil,
        design: SeedDesign? = nil, digests: [String: String] = [:]
    ) {
        self.assignment = assignment
        self.baseline = baseline
        self.rows = rows
        self.targets = targets
        self.trainedOn = trainedOn
        self.seeds = seeds
        self.repetitions = repetitions
        self.selection = selection
        self.protocolText = protocolText
        self.lines = lines
        self.regularizers = regularizers
        self.scores = scores
        self.dataset = dataset
        self.design = design
        self.digests = digests
    }

    /// The dial that tells the sets of a study apart.
    static let setDial = "set"

    /// One setting of a sweep for people: `data.rel = 0.9`; a set of data by its name alone.
    package static func phrase(_ dial: String, _ value: String) -> String { dial == setDial ? value : "\(dial) = \(value)" }

    /// The dials that say by which rule an epoch or tuned values are chosen.
    package static let ruleDials: Set<String> = ["evaluation.selection", "tuning.selection"]

    /// The score that the table shows, and by which epochs and tuned values are selected.
    package var score: ScoreDescription { scores[0] }

    package func key(row: String, target: String, seed: Int, repetition: [String: String]) -> TrialKey {
        TrialKey(row: row, target: target, seed: seed, variant: assignment, repetition: repetition)
    }

    /// Every planned trial of the variant, ordered by repetition, row, target and seed.
    package var keys: [TrialKey] {
        repetitions.flatMap { repetition in
            rows.flatMap { row in
                targets.flatMap { target in seeds.map { key(row: row, target: target, seed: $0, repetition: repetition) } }
            }
        }
    }

    /// How many trials the variant plans.
    package var trialCount: Int { trialsPerCell * rows.count * targets.count }
    /// How many trainings a row has with one seed: fewer than targets where one is measured on several.
    package var trainingsPerSeed: Int { Set(targets.map { trainedOn[$0] ?? $0 }).count }
    /// How many trials a row has on one target.
    package var trialsPerCell: Int { seeds.count * repetitions.count }
}

// MARK: Reading

extension VariantSettings: Codable {
    private enum Key: String, CodingKey {
        case assignment, baseline, rows, targets, trainedOn, seeds, repetitions, selection, protocolText, lines, regularizers, scores
        case heldOut, descriptions, samples, parts, dataset, design, digests
    }

    /// - Throws: `DecodingError` when an entry is missing or has another type, and when there is no score.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        assignment = try fields.decode([String: String].self, forKey: .assignment)
        baseline = try fields.decodeIfPresent(String.self, forKey: .baseline)
        rows = try fields.decode([String].self, forKey: .rows)
        targets = try fields.decode([String].self, forKey: .targets)
        heldOut = try fields.decodeIfPresent(HeldOut.self, forKey: .heldOut) ?? .domain
        trainedOn = try fields.decode([String: String].self, forKey: .trainedOn)
        seeds = try fields.decode([Int].self, forKey: .seeds)
        repetitions = try fields.decode([[String: String]].self, forKey: .repetitions)
        selection = try fields.decode(String.self, forKey: .selection)
        protocolText = try fields.decode(String.self, forKey: .protocolText)
        lines = try fields.decode([String].self, forKey: .lines)
        regularizers = try fields.decode([String: [String]].self, forKey: .regularizers)
        // Runs of the time when there was one task do not say it.
        scores = try fields.decodeIfPresent([ScoreDescription].self, forKey: .scores) ?? [.accuracy]
        descriptions = try fields.decodeIfPresent([String: [String]].self, forKey: .descriptions) ?? [:]
        samples = try fields.decodeIfPresent(SampleCounts.self, forKey: .samples)
        parts = try fields.decodeIfPresent([SampleParts].self, forKey: .parts) ?? []
        dataset = try fields.decodeIfPresent(String.self, forKey: .dataset)
        design = try fields.decodeIfPresent(SeedDesign.self, forKey: .design)
        digests = try fields.decodeIfPresent([String: String].self, forKey: .digests) ?? [:]
        if let design, !design.isPossible(of: seeds.count) {
            throw DecodingError.dataCorruptedError(forKey: .design, in: fields, debugDescription: "its looks are none")
        }
        if scores.isEmpty { throw DecodingError.dataCorruptedError(forKey: .scores, in: fields, debugDescription: "there is no score") }
    }
}

extension RunSettings: Codable {
    /// More trials than this are not a study: a file that plans them is damaged or meant to do harm.
    package static let mostTrials = 200_000

    private enum Key: String, CodingKey {
        case recipe, dials, variants, notices, machine, threads, versions, expected, command, resolvedRecipe, reused
    }

    /// - Throws: `DecodingError` when an entry is missing or has another type, when something is listed twice, and when more than
    ///   `mostTrials` trials are planned.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        recipe = try fields.decode(String.self, forKey: .recipe)
        dials = try fields.decode([String].self, forKey: .dials)
        variants = try fields.decode([VariantSettings].self, forKey: .variants)
        notices = try fields.decode([String].self, forKey: .notices)
        machine = try fields.decode(String.self, forKey: .machine)
        threads = try fields.decode(Int.self, forKey: .threads)
        versions = try fields.decode([String].self, forKey: .versions)
        expected = try fields.decodeIfPresent(ExpectedFigures.self, forKey: .expected)
        command = try fields.decodeIfPresent(String.self, forKey: .command)
        resolvedRecipe = try fields.decodeIfPresent(String.self, forKey: .resolvedRecipe)
        reused = try fields.decode([TrialKey].self, forKey: .reused)
        if let fault { throw DecodingError.dataCorruptedError(forKey: .variants, in: fields, debugDescription: fault) }
    }

    /// Why the variants cannot be those of a run; nil where they can.
    private var fault: String? {
        if variants.isEmpty { return "there is no variant" }
        if Set(variants.map(\.assignment)).count < variants.count { return "a variant is listed twice" }
        var planned = 0
        for variant in variants {
            for (what, isTwice) in [
                ("row", Set(variant.rows).count < variant.rows.count), ("target", Set(variant.targets).count < variant.targets.count),
                ("seed", Set(variant.seeds).count < variant.seeds.count),
                ("repetition", Set(variant.repetitions).count < variant.repetitions.count),
            ] where isTwice { return "a \(what) is listed twice" }
            let counts = [variant.rows.count, variant.targets.count, variant.seeds.count, variant.repetitions.count]
            // Each factor is at most the file's size, but their product need not fit anything.
            let count = counts.reduce(1) { product, count in
                let (next, overflow) = product.multipliedReportingOverflow(by: count)
                return overflow ? .max : next
            }
            let (sum, overflow) = planned.addingReportingOverflow(count)
            planned = overflow ? .max : sum
            if planned > Self.mostTrials { return "more than \(Self.mostTrials) trials are planned" }
        }
        return nil
    }
}
