import Configuration
import Foundation
import Persistence
import Tensors
import Weights

/// The bundled real data set: a smartwatch's accelerometer and gyroscope during shoulder exercises;
/// `watch` in a recipe.
///
/// 2369 windows of 2 s (100 samples at 50 Hz) from 140 recordings of 10 people doing 7 exercises on
/// both sides. The modalities are `accelerometer`, `100×3` in g, and `gyroscope`, `100×3` in rad/s, or
/// each of their axes by itself, `accelerometer-x` to `gyroscope-z`, `100×1`, of which a recipe's model
/// may read any. Validation takes the last part of every recording of the source domains.
///
/// Source: Burns et al., "Shoulder Physiotherapy Exercise Recognition", arXiv:1802.01489; BSD-3-Clause,
/// see the notice and citation beside the file.
///
/// ```yaml
/// data: {use: watch, domains: people}
/// ```
///
/// ```yaml
/// data: {use: watch, modalities: axes}
/// model: {modalities: [accelerometer-x, accelerometer-y, gyroscope-x]}
/// ```
public struct Watch: DatasetPlugin, HoldsArrays {
    /// What counts as a domain.
    public enum Domains: String, CaseIterable, Sendable {
        /// Three groups of people: 1–3, 4–6, 7–10.
        case groups
        /// Each of the ten people.
        case people
    }

    /// What counts as a modality.
    public enum Modalities: String, CaseIterable, Sendable {
        /// Accelerometer and gyroscope.
        case sensors
        /// Each of their three axes.
        case axes
    }

    /// What a recipe may set.
    public struct Options: Configuration.Options {
        /// What counts as a domain.
        public var domains = Domains.groups
        /// What counts as a modality.
        public var modalities = Modalities.sensors

        /// Three groups of people, and two sensors.
        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("domains", \.domains, "what a domain is: one of three groups of people (1–3, 4–6, 7–10), or one person"),
                .choice("modalities", \.modalities, "what a modality is: a sensor, or one of its three axes"),
            ]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "watch",
            summary: "bundled real set: smartwatch accelerometer and gyroscope, 10 people, 7 shoulder exercises, 2369 windows of 2 s",
            source: "Burns et al., arXiv:1802.01489; from the package seglearn 1.2.5, BSD-3-Clause",
            options: Options.descriptions,
            notes: [
                "modalities: accelerometer 100×3 (g), gyroscope 100×3 (rad/s); axes: accelerometer-x to gyroscope-z, 100×1",
                "validation uses the last part of every recording of the source domains",
            ])
    }

    /// The names of the classes, in the order of their numbers.
    private static let exercises = [
        "pendulum", "abduction", "forward-elevation", "internal-rotation", "external-rotation", "trapezius-extension",
        "upright-row",
    ]

    /// The modalities, the names of the domains, and the seven exercises.
    public let facts: DatasetFacts
    /// The exercise of each window.
    public let labels: [Int]
    /// The group of people, or the person, of each window.
    public let domains: [Int]
    /// The recording of every window.
    public let groups: [Int]?
    /// The number of every window within its recording.
    public let positions: [Int]?
    /// The person, 1 to 10, of every window.
    public let people: [Int]
    /// The side of every window: 1 right, 0 left.
    public let sides: [Int]

    /// All modalities, in memory.
    let arrays: [ModalityArray]

    /// Reads the bundled file.
    ///
    /// - Throws: `DatasetFault` where it is missing or damaged.
    public init(options: Options) throws(DatasetFault) {
        let file = try WatchFile.open()
        do throws(WeightsFault) {
            let sensors = [
                try WatchFile.array("accelerometer", key: "accel", of: file),
                try WatchFile.array("gyroscope", key: "gyro", of: file),
            ]
            arrays =
                switch options.modalities {
                case .sensors: sensors
                case .axes:
                    sensors.flatMap { sensor in
                        zip(["x", "y", "z"], 0...).map { sensor.part("\(sensor.name)-\($0)", axis: 1, $1..<$1 + 1) }
                    }
                }
            labels = try file.integers("label")
            people = try file.integers("subject")
            sides = try file.integers("side")
            let recordings = try file.integers("recording")
            groups = recordings
            positions = placesWithinGroups(recordings)
        } catch {
            throw DatasetFault(message: "\(error)")
        }
        let names: [String]
        switch options.domains {
        case .groups:
            names = ["people-1-3", "people-4-6", "people-7-10"]
            domains = people.map { $0 <= 3 ? 0 : $0 <= 6 ? 1 : 2 }
        case .people:
            names = (1...10).map { "person-\($0)" }
            domains = people.map { $0 - 1 }
        }
        facts = DatasetFacts(arrays, domains: names, classes: Self.exercises, domainOfRow: domains)
    }

    /// Some windows of a modality, `N×100×3`.
    ///
    /// - Throws: `DatasetFault` for an unknown modality.
    public func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        guard let inputs = arrays.inputs(rows, modality: modality) else { throw unknownModality(modality) }
        return inputs
    }
}

/// The number of each row among the rows of its group, in row order: `[7, 7, 3, 7]` gives `[0, 1, 0,
/// 2]`.
func placesWithinGroups(_ groups: [Int]) -> [Int] {
    var next: [Int: Int] = [:]
    return groups.map { group in
        defer { next[group, default: 0] += 1 }
        return next[group, default: 0]
    }
}

/// The bundled recordings of the smartwatch.
enum WatchFile {
    /// The file and its digest.
    static let file = BundledFile(
        folder: "watch", name: "watch.safetensors", digest: "f77b8ecd25927f850e0d7f69a309819dd47b14f0d592f47915c9c01c6de90e61")

    /// Opens and verifies the file; in the first of `folders` that exists where they are given.
    ///
    /// - Throws: `DatasetFault` where it is missing, or is not the file that was bundled.
    static func open(in folders: [String]? = nil) throws(DatasetFault) -> SafetensorsFile {
        let path = try file.path(in: folders)
        do throws(WeightsFault) {
            return try SafetensorsFile(path)
        } catch {
            throw DatasetFault(message: "\(error)")
        }
    }

    /// One modality, from windows × 3 × 100 in the file to `100×3` samples.
    ///
    /// - Throws: `WeightsFault` where there is no such array, or it has another rank.
    static func array(_ name: String, key: String, of file: SafetensorsFile) throws(WeightsFault) -> ModalityArray {
        let shape = try file.entry(key).shape
        guard shape.count == 3 else {
            throw WeightsFault(file: file.path, tensor: key, reason: "expected windows × channels × samples")
        }
        let values = ModalityArray.channelsLast(
            try file.floats(key), rows: shape[0], channels: shape[1], positions: shape[2])
        return ModalityArray(name: name, sampleShape: [shape[2], shape[1]], values: values)
    }
}
