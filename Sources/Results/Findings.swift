import Foundation

/// What a measurement found in one trained model: numbers that are compared between rows, and curves, grids and maps that are shown.
///
/// A number that could not be computed says why instead; it is never left out, since nobody could tell then whether it was measured.
public struct Findings: Hashable, Codable, Sendable {
    /// One number.
    public struct Number: Hashable, Codable, Sendable {
        /// What it is: `cka-linear`, `rank`. In kebab-case.
        public var name: String
        /// The modality whose embeddings it is about, `fused`, or a pair as `audio, video`; nil where it is about the whole model.
        public var modality: String?
        /// The samples that it was measured on: `training`, `validation`, `target`; nil where it compares several.
        public var samples: String?
        /// Under what condition: `noise 0.5 on video`; nil for none.
        public var condition: String?
        /// The number; finite. Nil where there is none.
        public var value: Double?
        /// Why there is no number, to be read after "cannot be computed because".
        public var reason: String?

        /// - Parameters:
        ///   - value: left out where it is not finite, with that as the reason.
        public init(
            _ name: String, modality: String? = nil, samples: String? = nil, condition: String? = nil, value: Double?, reason: String? = nil
        ) {
            self.name = name
            self.modality = modality
            self.samples = samples
            self.condition = condition
            self.value = value.flatMap { $0.isFinite ? $0 : nil }
            self.reason = self.value == nil ? reason ?? "the result is not a finite number" : nil
        }
    }

    /// One curve.
    public struct Curve: Hashable, Codable, Sendable {
        /// What it is.
        public var name: String
        /// As in ``Number``.
        public var modality: String?
        /// As in ``Number``.
        public var samples: String?
        /// What the axes are, with units.
        public var xAxis, yAxis: String
        /// The points' coordinates, equally many, all finite.
        public var x, y: [Double]

        /// Points that are not finite are left out.
        public init(
            _ name: String, modality: String? = nil, samples: String? = nil, xAxis: String, yAxis: String, x: [Double], y: [Double]
        ) {
            let points = zip(x, y).filter { $0.0.isFinite && $0.1.isFinite }
            self.name = name
            self.modality = modality
            self.samples = samples
            self.xAxis = xAxis
            self.yAxis = yAxis
            self.x = points.map(\.0)
            self.y = points.map(\.1)
        }
    }

    /// A table of counts, such as a confusion matrix.
    public struct Grid: Hashable, Codable, Sendable {
        /// What it is.
        public var name: String
        /// As in ``Number``.
        public var samples: String?
        /// What the rows and the columns are.
        public var rowAxis, columnAxis: String
        /// Their names.
        public var rows, columns: [String]
        /// By row, then by column.
        public var values: [[Int]]

        public init(
            _ name: String, samples: String? = nil, rowAxis: String, columnAxis: String, rows: [String], columns: [String], values: [[Int]]
        ) {
            self.name = name
            self.samples = samples
            self.rowAxis = rowAxis
            self.columnAxis = columnAxis
            self.rows = rows
            self.columns = columns
            self.values = values
        }
    }

    /// Samples as points in two dimensions, such as embeddings along their first two principal components.
    public struct Map: Hashable, Codable, Sendable {
        /// What the points are told apart by: domain, class.
        public struct Grouping: Hashable, Codable, Sendable {
            /// What it is.
            public var name: String
            /// The groups' names, in the order of their numbers.
            public var names: [String]
            /// The group of each point, from 0.
            public var members: [Int]

            public init(_ name: String, names: [String], members: [Int]) {
                self.name = name
                self.names = names
                self.members = members
            }
        }

        /// What it is.
        public var name: String
        /// As in ``Number``.
        public var modality: String?
        /// What the axes are.
        public var xAxis, yAxis: String
        /// The points' coordinates, equally many.
        public var x, y: [Double]
        /// Each has as many members as there are points.
        public var groupings: [Grouping]

        public init(_ name: String, modality: String? = nil, xAxis: String, yAxis: String, x: [Double], y: [Double], groupings: [Grouping]) {
            self.name = name
            self.modality = modality
            self.xAxis = xAxis
            self.yAxis = yAxis
            self.x = x
            self.y = y
            self.groupings = groupings
        }
    }

    /// The numbers, in the order in which they are shown. No two have the same name, modality, samples and condition.
    public var numbers: [Number] = []
    /// The curves.
    public var curves: [Curve] = []
    /// The grids.
    public var grids: [Grid] = []
    /// The maps.
    public var maps: [Map] = []
    /// What has to be said with the numbers: how many samples they were taken from, what an estimator leaves out.
    public var notes: [String] = []

    public init() {}

    /// Adds a sentence to the notes, once.
    public mutating func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }
}

extension Findings {
    /// The most numbers, and the most points of curves and maps and cells of grids together.
    private static let (mostNumbers, mostPoints) = (20_000, 4_000_000)

    /// What of these a report could not show, as a noun phrase; nil where everything is what its documentation says.
    ///
    /// A measurement may set the properties to anything, and so may a file.
    package var fault: String? {
        if numbers.count > Self.mostNumbers { return "\(numbers.count) numbers, more than \(Self.mostNumbers)" }
        for number in numbers {
            if number.name.isEmpty { return "a number without a name" }
            if let value = number.value, !value.isFinite { return "'\(number.name)' with the value \(value)" }
        }
        var points = 0
        for curve in curves {
            points += curve.x.count
            if curve.x.count != curve.y.count { return "a curve '\(curve.name)' with \(curve.x.count) and \(curve.y.count) coordinates" }
            if !(curve.x + curve.y).allSatisfy(\.isFinite) { return "a curve '\(curve.name)' with coordinates that are not finite" }
        }
        for grid in grids {
            points += grid.rows.count * grid.columns.count
            guard grid.values.count == grid.rows.count, grid.values.allSatisfy({ $0.count == grid.columns.count }) else {
                return "a grid '\(grid.name)' without a count for each of its \(grid.rows.count) rows and \(grid.columns.count) columns"
            }
            if let count = grid.values.joined().first(where: { !(0...RecordLimits.largestCount).contains($0) }) {
                return "a grid '\(grid.name)' with \(count), which is no count"
            }
        }
        for map in maps {
            points += map.x.count
            guard map.y.count == map.x.count, map.groupings.allSatisfy({ $0.members.count == map.x.count }) else {
                return "a map '\(map.name)' without two coordinates and a group for each point"
            }
            for grouping in map.groupings {
                guard let stranger = grouping.members.first(where: { !grouping.names.indices.contains($0) }) else { continue }
                return "a map '\(map.name)' with a point in the group \(stranger) of \(grouping.names.count) by \(grouping.name)"
            }
        }
        return points > Self.mostPoints ? "\(points) points, more than \(Self.mostPoints)" : nil
    }
}

/// What one measurement found in one trial's model: the content of a file in the trial's `measurements`.
package struct MeasurementRecord: Hashable, Codable, Sendable {
    /// The measurement's name in the recipe.
    package var instance: String
    /// Its registered name.
    package var measurement: String
    /// The options that the recipe gave, as it spells them.
    package var options: [String: String]
    /// Hash of the plan whose model was measured; a record of another plan is not used.
    package var plan: String
    /// Wall time, the model's passes over the data included.
    package var seconds: Double
    /// What was found.
    package var findings: Findings
    /// Whether it ended the process that ran it, so that nothing was found; nil for false.
    package var endedProcess: Bool?

    package init(
        instance: String, measurement: String, options: [String: String], plan: String, seconds: Double, findings: Findings
    ) {
        self.instance = instance
        self.measurement = measurement
        self.options = options
        self.plan = plan
        self.seconds = seconds
        self.findings = findings
    }

    /// The name and, where there are any, the options: what tells two measurements of a study apart.
    package var title: String {
        guard !options.isEmpty else { return instance }
        return "\(instance) (\(options.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")))"
    }
}

extension RunFolder {
    /// What was measured of a trial's model, a file for each measurement and its options.
    package func measurements(_ key: TrialKey) -> URL { trial(key).appendingPathComponent("measurements", isDirectory: true) }

    /// Every number of every trial, as comma-separated values.
    package var measurementsCSV: URL { file("measurements.csv") }

    /// The file of one measurement.
    ///
    /// - Parameter identity: names the measurement with its options.
    package func measurement(_ identity: String, of key: TrialKey) -> URL {
        file("measurements/\(identity).json", of: key)
    }
}
