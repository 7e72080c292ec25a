import Foundation

/// What was declared about a study before it was trained: its rows with their grids, rules, seeds and planned tests.
///
/// It is what `regulus register` writes. A later declaration for the same folder is added to the earlier ones, never put in their place.
package struct StudyRegistration: Hashable, Codable, Sendable {
    /// One row of one variant.
    package struct Row: Hashable, Codable, Sendable {
        package var name: String
        /// Its regularizers, by name.
        package var regularizers: [String]
        /// What is tuned, with the values that are tried.
        package var grid: [GridAxis]
        /// Names everything that decides what is trained for the row, but for seeds, threads and the program's build.
        package var digest: String

        package init(name: String, regularizers: [String], grid: [GridAxis], digest: String) {
            self.name = name
            self.regularizers = regularizers
            self.grid = grid
            self.digest = digest
        }
    }

    /// A tuned path and the values that are tried.
    package struct GridAxis: Hashable, Codable, Sendable {
        package var path: String
        package var values: [String]

        package init(path: String, values: [String]) {
            self.path = path
            self.values = values
        }
    }

    /// What is trained under one setting of the sweep.
    package struct Variant: Hashable, Codable, Sendable {
        package var assignment: [String: String]
        package var dataset: String?
        package var baseline: String?
        package var score: String
        package var targets: [String]
        package var seeds: [Int]
        package var repetitions: [[String: String]]
        package var design: SeedDesign?
        /// The selection rule in words.
        package var selection: String
        /// The protocol in words.
        package var protocolText: String
        package var rows: [Row]

        package init(_ settings: VariantSettings, rows: [Row]) {
            assignment = settings.assignment
            dataset = settings.dataset
            baseline = settings.baseline
            score = settings.score.name
            targets = settings.targets
            seeds = settings.seeds
            repetitions = settings.repetitions
            design = settings.design
            selection = settings.selection
            protocolText = settings.protocolText
            self.rows = rows
        }
    }

    /// What is declared.
    package struct Plan: Hashable, Codable, Sendable {
        package var study: String
        package var variants: [Variant]
        /// The tests that are planned, one sentence each.
        package var tests: [String]
        /// The resolved recipe.
        package var recipe: String

        package init(study: String, variants: [Variant], tests: [String], recipe: String) {
            self.study = study
            self.variants = variants
            self.tests = tests
            self.recipe = recipe
        }
    }

    /// One declaration.
    package struct Entry: Hashable, Codable, Sendable {
        /// Seconds since 1970, by the clock of the machine.
        package var time: Double
        /// Digest of the plan: 64 hexadecimal digits.
        package var digest: String
        /// How many results of trainings the folder held already: 0 for what was declared beforehand.
        package var resultsPresent: Int
        package var plan: Plan

        package init(time: Double, digest: String, resultsPresent: Int, plan: Plan) {
            self.time = time
            self.digest = digest
            self.resultsPresent = resultsPresent
            self.plan = plan
        }
    }

    /// In the order in which they were made; at least one.
    package var entries: [Entry]

    package init(entries: [Entry]) {
        self.entries = entries
    }
}

extension RunFolder {
    /// What was declared before training; see `StudyRegistration`.
    package var registration: URL { file("registration.json") }
    /// Who looked at target figures, and when; see `LookRecord`.
    package var looks: URL { file("looks.jsonl") }
    /// Says how many lines that log has.
    package var looksSeal: URL { file("looks.jsonl.seal") }
}

/// One look at figures on a target: a line of the run folder's `looks.jsonl`.
package struct LookRecord: Hashable, Codable, Sendable {
    /// Seconds since 1970, by the clock of the machine.
    package var time: Double
    /// The command that showed them: `run`, `report`.
    package var command: String
    /// Trials whose figures were there to be seen.
    package var results: Int
    /// Names these figures: equal for equal ones.
    package var figures: String

    package init(time: Double, command: String, results: Int, figures: String) {
        self.time = time
        self.command = command
        self.results = results
        self.figures = figures
    }
}

/// What is known of how a run came about, beside its results.
package struct StudyProvenance: Hashable, Sendable {
    package var registration: StudyRegistration?
    package var looks: [LookRecord]
    /// Lines of the log that are not what was written, in words.
    package var damages: [String]

    package init(registration: StudyRegistration? = nil, looks: [LookRecord] = [], damages: [String] = []) {
        self.registration = registration
        self.looks = looks
        self.damages = damages
    }
}
