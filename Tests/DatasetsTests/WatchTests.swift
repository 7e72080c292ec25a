import Configuration
import Foundation
import Persistence
import Tensors
import TestSupport
import Testing

@testable import Datasets

@Suite("The bundled watch data")
struct WatchTests {
    private func watch(_ domains: Watch.Domains = .groups) throws -> Watch {
        var options = Watch.Options()
        options.domains = domains
        return try Watch(options: options)
    }

    @Test("Counts are those of the published set")
    func counts() throws {
        let watch = try watch()
        #expect(watch.count == 2369)
        #expect(tally(watch.labels, kinds: 7) == [254, 389, 396, 363, 366, 294, 307])
        #expect(watch.facts.samplesPerDomain == [714, 641, 1014])
        #expect(watch.facts.domains == ["people-1-3", "people-4-6", "people-7-10"])
        #expect(watch.facts.modalities.map(\.name) == ["accelerometer", "gyroscope"])
        #expect(watch.facts.modalities.map(\.sampleShape) == [[100, 3], [100, 3]])
        #expect(Set(watch.groups ?? []).count == 140)
        #expect(watch.facts.classes.count == 7)
    }

    @Test("Each person can be a domain")
    func people() throws {
        let watch = try watch(.people)
        #expect(watch.facts.samplesPerDomain == [284, 273, 157, 150, 249, 242, 265, 243, 244, 262])
        #expect(watch.facts.domains.last == "person-10")
        #expect(zip(watch.domains, watch.people).allSatisfy { $0 + 1 == $1 })
    }

    @Test("Each axis of a sensor can be a modality, and holds that axis")
    func axes() throws {
        var options = Watch.Options()
        options.modalities = .axes
        let axes = try Watch(options: options)
        let sensors = try watch()
        let names = ["accelerometer-x", "accelerometer-y", "accelerometer-z", "gyroscope-x", "gyroscope-y", "gyroscope-z"]
        #expect(axes.facts.modalities.map(\.name) == names)
        #expect(axes.facts.modalities.allSatisfy { $0.sampleShape == [100, 1] })
        #expect(axes.labels == sensors.labels && axes.domains == sensors.domains && axes.groups == sensors.groups)
        let whole = try sensors.inputs([3, 1500], modality: "gyroscope")
        for (place, axis) in ["x", "y", "z"].enumerated() {
            #expect(try axes.inputs([3, 1500], modality: "gyroscope-\(axis)").values == whole.slice(axis: 2, place..<place + 1).values)
        }
    }

    @Test("Samples are channels last: the file's 3×100 windows, transposed")
    func layout() throws {
        let watch = try watch()
        let file = try WatchFile.open()
        let raw = try file.floats("gyro")
        let inputs = try watch.inputs([17, 2368], modality: "gyroscope")
        #expect(inputs.shape == [2, 100, 3])
        for (place, row) in [17, 2368].enumerated() {
            for (step, channel) in [(0, 0), (0, 2), (99, 0), (42, 1)] {
                #expect(inputs.values[place * 300 + step * 3 + channel] == raw[row * 300 + channel * 100 + step])
            }
        }
        // Gravity: the accelerometer's average length is about 1 g.
        let acceleration = try watch.inputs(Array(0..<200), modality: "accelerometer").values
        let length = acceleration.map { Double($0 * $0) }.reduce(0, +) / Double(acceleration.count / 3)
        #expect((0.8...1.3).contains(length.squareRoot()))
    }

    @Test("A recording has one person, exercise and side")
    func recordings() throws {
        let watch = try watch()
        let facts = Dictionary(grouping: watch.labels.indices) { watch.groups?[$0] ?? -1 }
        for rows in facts.values {
            #expect(Set(rows.map { [watch.people[$0], watch.labels[$0], watch.sides[$0]] }).count == 1)
            #expect(rows.map { watch.positions?[$0] ?? -1 } == Array(0..<rows.count))
        }
    }

    @Test("Validation is the last fifth of every source recording")
    func validation() throws {
        let watch = try watch()
        let split = try SourceSplit(of: watch, holdingOut: [2], validation: .fraction(0.2), random: RandomSource(seed: 0))
        let groups = try #require(watch.groups)
        let positions = try #require(watch.positions)
        let lastTrained = Dictionary(split.training.rows.map { (groups[$0], positions[$0]) }, uniquingKeysWith: max)
        #expect(split.validation.rows.allSatisfy { positions[$0] > lastTrained[groups[$0]] ?? .max })
        #expect(Set(split.validation.rows.map { groups[$0] }) == Set(split.training.rows.map { groups[$0] }))
        let share = Double(split.validation.count) / Double(split.validation.count + split.training.count)
        #expect((0.18...0.22).contains(share))
        #expect(split.target.count == 1014)
    }

    @Test("License, citation and checksum stand beside the data")
    func notices() throws {
        let folder = try #require(WatchFile.file.folders.first(where: Folder.exists))
        #expect(try FileContents.text(folder + "/LICENSE").contains("Copyright (c) 2018, David M. Burns"))
        #expect(try FileContents.text(folder + "/CITATION").contains("arXiv:1802.01489"))
        #expect(try FileContents.text(folder + "/SHA256SUMS") == "\(WatchFile.file.digest)  watch.safetensors\n")
    }

    @Test("A changed file is refused, a missing folder named")
    func damage() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write("not it", to: folder("watch.safetensors"))
        let found = SHA256Digest(of: "not it").hex
        let changed = #expect(throws: DatasetFault.self) { try WatchFile.open(in: ["/nowhere", folder.path]) }
        #expect(
            changed?.description
                == "cannot use \(folder("watch.safetensors")): its SHA-256 is \(found), the bundled file's is "
                + "\(WatchFile.file.digest); it was changed or damaged")
        let missing = #expect(throws: DatasetFault.self) { try WatchFile.open(in: ["/nowhere", "/else"]) }
        #expect(
            missing?.description
                == "the bundled data set is not beside the program: no folder /nowhere and no folder /else; "
                + "expected the folder regulus_Datasets.resources in the same place as the program")
    }

    @Test("A modality that is not there is named with the nearest one")
    func unknownModality() throws {
        let watch = try watch()
        let fault = #expect(throws: DatasetFault.self) { try watch.inputs([0], modality: "gyroscop") }
        #expect(
            fault?.description
                == "the data set has no modality 'gyroscop'; expected one of: accelerometer, gyroscope; did you mean 'gyroscope'?")
    }
}
