import Results
import Selection

/// Cells whose trials differ in the domain that they measure alone: one training for each seed serves them all.
///
/// Where one domain is trained on and all others are held out, the cells of a row and source form a group. Else a cell is a group of its own.
package struct CellGroup: Sendable {
    /// Where the cells stand in the study, ascending; at least one.
    package let places: [Int]
    package let cells: [Cell]
    /// Everything that has to be trained before the values of all its cells are chosen. No target is looked at, so that cells which share
    /// their trainings share their choice.
    package let rehearsals: [Rehearsal]

    private init(places: [Int], of study: [Cell]) {
        self.places = places
        cells = places.map { study[$0] }
        let targets = cells.flatMap { $0.candidates[0].plan.targets }
        rehearsals = Rehearsal.all(for: cells[0], targets: targets)
    }

    package var seeds: [Int] { cells[0].seeds }

    /// The trials of one seed, in the order of the cells.
    package func keys(seed: Int) -> [TrialKey] { cells.map { $0.key(seed: seed) } }

    /// The groups of a study, in the order of their first cells.
    fileprivate static func all(of cells: [Cell]) -> [CellGroup] {
        struct Likeness: Hashable {
            let row: String
            let seeds: [Int]
            let sources: [Int]
        }
        struct Identity: Hashable {
            let trainings: [String]
            /// How values or the epoch are chosen; nil where there is nothing to choose.
            let tuning: TuningRule?
            let rehearsalEpochs: Int?
            /// Where candidates are measured on the target, each target has trainings of its own.
            let measuredTarget: String?
        }
        // Names of trainings are digests, and few cells can be alike at all.
        let alike = Dictionary(grouping: cells.indices) { index in
            Likeness(row: cells[index].row, seeds: cells[index].seeds, sources: cells[index].candidates[0].plan.sources)
        }
        let groups = alike.values.flatMap { places -> [[Int]] in
            guard places.count > 1 else { return [places] }
            let equal = Dictionary(grouping: places) { place in
                let cell = cells[place]
                return Identity(
                    trainings: cell.candidates.map(\.plan.training), tuning: cell.needsRehearsal ? cell.tuning : nil,
                    rehearsalEpochs: cell.needsRehearsal ? cell.rehearsalEpochs : nil,
                    measuredTarget: cell.measuresCandidates ? cell.target : nil)
            }
            return Array(equal.values)
        }
        return groups.sorted { $0[0] < $1[0] }.map { CellGroup(places: $0, of: cells) }
    }
}

/// The cells of a study, with what trains for them. That is found out once, here: names of trainings are digests, and a study may have
/// hundreds of thousands.
package struct StudyCells: Sendable {
    /// In the order of the study.
    package let all: [Cell]
    /// In the order of their first cells; every cell is in one.
    package let groups: [CellGroup]
    /// Each training for tuning once, in the order of the groups that need it first.
    package let rehearsals: [SharedRehearsal]

    package init(_ cells: [Cell]) {
        all = cells
        groups = CellGroup.all(of: cells)
        rehearsals = SharedRehearsal.all(of: groups)
    }

    package var trialCount: Int { all.reduce(0) { $0 + $1.seeds.count } }

    /// How many trainings the trials take: fewer than trials where one training serves several.
    package var trainingCount: Int { groups.reduce(0) { $0 + $1.seeds.count } }

    /// How many trainings everything takes in an empty folder: no more processes than that have anything to do.
    package var jobCount: Int { rehearsals.count + trainingCount }
}

extension StudyCells: RandomAccessCollection {
    package var startIndex: Int { all.startIndex }
    package var endIndex: Int { all.endIndex }
    package subscript(position: Int) -> Cell { all[position] }
}

extension StudyCells: ExpressibleByArrayLiteral {
    package init(arrayLiteral cells: Cell...) { self.init(cells) }
}

/// One training of a study, or an evaluation of one, by where its result lies in the run folder.
package enum StudyJob: Hashable, Sendable {
    case trial(TrialKey)
    /// By the name of the training.
    case rehearsal(String)
}
