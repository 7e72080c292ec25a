import Results

/// A run as its screen shows it: what was planned, what has ended, what is being trained.
///
/// A plain value, so that it can be made from the events of a run as well as from a folder in which others work.
package struct RunView: Hashable, Sendable {
    /// One cell of the table: a row on a target, over seeds and repetitions.
    package struct Cell: Hashable, Sendable {
        /// Trials that have ended.
        package fileprivate(set) var ended = 0
        /// Those of them that failed.
        package fileprivate(set) var failed = 0
        fileprivate var measured = 0
        fileprivate var sum = 0.0

        /// Mean score on the target of the trials that have ended well, at their selected epochs; nil where there is none.
        package var mean: Double? { measured > 0 ? sum / Double(measured) : nil }

        static func + (left: Cell, right: Cell) -> Cell {
            var cell = left
            cell.ended += right.ended
            cell.failed += right.failed
            cell.measured += right.measured
            cell.sum += right.sum
            return cell
        }
    }

    /// One line of the table.
    struct Line: Hashable, Sendable {
        let row: String
        let variant: [String: String]
        /// The targets that the line's variant has; the table may have more.
        let targets: [String]
        /// How many trials each of its cells will have.
        let trialsPerCell: Int
        /// What its cells show.
        let score: ScoreDescription
    }

    private struct Place: Hashable, Sendable {
        let row: String
        let variant: [String: String]
        let target: String
    }

    package let settings: RunSettings
    package var progress: StudyProgress
    private var known: Set<TrialKey> = []
    private var cells: [Place: Cell] = [:]

    package init(settings: RunSettings, results: [TrialOutline] = [], progress: StudyProgress) {
        self.settings = settings
        self.progress = progress
        for result in results { add(result) }
    }

    /// Adds an ended trial; one that is already known counts once.
    package mutating func add(_ result: TrialOutline) {
        guard known.insert(result.key).inserted else { return }
        let place = Place(row: result.key.row, variant: result.key.variant, target: result.key.target)
        cells[place, default: Cell()].ended += 1
        if !result.isFinished { cells[place]?.failed += 1 }
        if result.isFinished, let score = result.targetScore, score.isFinite {
            cells[place]?.measured += 1
            cells[place]?.sum += score
        }
    }

    /// Every line of the table, in order.
    var lines: [Line] {
        settings.variants.flatMap { variant in
            variant.rows.map {
                Line(row: $0, variant: variant.assignment, targets: variant.targets, trialsPerCell: variant.trialsPerCell, score: variant.score)
            }
        }
    }

    func cell(_ line: Line, _ target: String) -> Cell { cells[Place(row: line.row, variant: line.variant, target: target)] ?? Cell() }

    /// Whether a trial of a line is being trained.
    func isActive(_ line: Line) -> Bool { progress.running.contains { $0.key.row == line.row && $0.key.variant == line.variant } }

    func isActive(_ line: Line, _ target: String) -> Bool {
        progress.running.contains { $0.key.row == line.row && $0.key.variant == line.variant && $0.key.target == target }
    }
}
