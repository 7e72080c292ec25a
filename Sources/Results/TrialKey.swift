/// Which cell of the experiment a trial fills.
///
/// Two trials with equal keys are the same trial; a run folder never holds a key twice.
package struct TrialKey: Hashable, Codable, Sendable, CustomStringConvertible {
    /// The row of the ablation, by its name in the recipe, for example `+ MER`.
    package var row: String
    /// The column of the table: the held-out domain, or `source → target` where several
    /// targets are measured for each source.
    package var target: String
    /// The seed of the trial, as the recipe lists it.
    package var seed: Int
    /// What a sweep changed for this trial: recipe path to value. Each variant gets a table of its own.
    package var variant: [String: String]
    /// What distinguishes a repetition under equal conditions (a draw of generated data, a split):
    /// recipe path to value. Repetitions are averaged over, variants are not.
    package var repetition: [String: String]

    package init(
        row: String, target: String, seed: Int,
        variant: [String: String] = [:], repetition: [String: String] = [:]
    ) {
        self.row = row
        self.target = target
        self.seed = seed
        self.variant = variant
        self.repetition = repetition
    }

    /// One line for the trials of one training, which differ in the target: `+ MER → D1 → D2, D1 → D3, seed 1`.
    package static func description(of keys: [TrialKey]) -> String {
        guard var first = keys.first else { return "" }
        first.target = keys.map(\.target).joined(separator: ", ")
        return first.description
    }

    /// One line for people: `+ MER → D2, seed 1, data.rel = 0.9`.
    package var description: String {
        (["\(row) → \(target)", "seed \(seed)"] + [variant, repetition].flatMap(Self.phrases)).joined(separator: ", ")
    }

    /// What a sweep or a repetition sets, for people: `data.rel = 0.9`, by path.
    package static func phrases(of assignment: [String: String]) -> [String] {
        assignment.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
    }
}
