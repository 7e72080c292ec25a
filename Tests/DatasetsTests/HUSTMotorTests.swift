import Configuration
import Foundation
import TestSupport
import Tensors
import Testing
import Weights

@testable import Datasets

@Suite("HUST motor, from text files and from MAT files of windows")
struct HUSTMotorTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func dataset(_ change: (inout HUSTMotor.Options) -> Void = { _ in }) throws -> HUSTMotor {
        var options = HUSTMotor.Options()
        options.root = folder.path
        options.counts = [6, 2, 2]
        options.window = 16
        change(&options)
        return try HUSTMotor(options: options)
    }

    private func fault(_ change: (inout HUSTMotor.Options) -> Void = { _ in }) throws -> DatasetFault {
        try #require(throws: DatasetFault.self) { try dataset(change) }
    }

    @Test("rows are windows of each speed and state, in the counts that are asked for")
    func counts() throws {
        try MotorFiles.write(to: folder.path, steps: 300)
        let data = try dataset()
        #expect(data.facts.modalities.map(\.name) == ["vibration", "sound"])
        #expect(data.facts.modalities.map(\.sampleShape) == [[16, 1], [16, 1]])
        #expect(data.facts.domains == ["5-hz", "10-hz", "20-hz", "30-hz"])
        #expect(data.facts.samplesPerDomain == [60, 60, 60, 60])
        #expect((0..<6).allSatisfy { state in data.labels.count { $0 == state } == 40 })
        #expect(data.split?.count { $0 == .train } == 144 && data.split?.count { $0 == .validation } == 48)
    }

    @Test("the vibration is the length of its three axes, the sound the fifth column, and each window goes from 0 to 1")
    func values() throws {
        try MotorFiles.write(to: folder.path, steps: 300)
        let plain = try dataset { $0.scale = .none }
        // The third axis counts the steps of the recording in thousandths, the first two are 0.3 and 0.4 of it.
        let sound = try plain.inputs([7], modality: "sound").values
        let vibration = try plain.inputs([7], modality: "vibration").values
        for (step, value) in vibration.enumerated() {
            let number = Double(sound[step])
            #expect(abs(Double(value) - number / 1000 * (1 + 0.09 + 0.16).squareRoot()) < 1e-5)
        }
        #expect(zip(sound, sound.dropFirst()).allSatisfy { $1 == $0 + 1 })
        let scaled = try dataset().inputs([7], modality: "sound").values
        #expect(scaled.first == 0 && abs((scaled.last ?? 0) - 1) < 1e-6)
        #expect(try dataset { $0.vibration = .axes }.inputs([0, 1], modality: "vibration").shape == [2, 16, 3])
    }

    /// The steps of a part's windows in one recording, which its sound counts.
    private func steps(_ data: HUSTMotor, _ part: SplitName, state: Int) throws -> Set<Float> {
        let rows = data.labels.indices.filter { data.split?[$0] == part && data.labels[$0] == state && data.domains[$0] == 1 }
        return Set(try data.inputs(rows, modality: "sound").values)
    }

    @Test("windows of training, validation and test share no step, unless the released ones are asked for by name")
    func overlap() throws {
        try MotorFiles.write(to: folder.path, steps: 300)
        let separate = try dataset { $0.scale = .none }
        let released = try dataset { ($0.scale, $0.windows) = (.none, .released) }
        var shared = 0
        for state in 0..<6 {
            let parts = try [SplitName.train, .validation, .test].map { try steps(separate, $0, state: state) }
            #expect(parts[0].isDisjoint(with: parts[1]) && parts[0].isDisjoint(with: parts[2]) && parts[1].isDisjoint(with: parts[2]))
            shared += try steps(released, .train, state: state).intersection(steps(released, .validation, state: state)).count
        }
        #expect(shared > 0)
        #expect(separate.remarks.isEmpty && released.remarks.first?.contains("share samples") == true)
    }

    @Test("the same seed gives the same windows, another one others")
    func seeds() throws {
        try MotorFiles.write(to: folder.path, steps: 300)
        let rows = Array(0..<20)
        let first = try dataset { $0.scale = .none }.inputs(rows, modality: "sound").values
        #expect(try dataset { $0.scale = .none }.inputs(rows, modality: "sound").values == first)
        #expect(try dataset { ($0.scale, $0.windowSeed) = (.none, 43) }.inputs(rows, modality: "sound").values != first)
    }

    @Test("a source's validation and training rows, and the target's test rows, are those of the split")
    func split() throws {
        try MotorFiles.write(to: folder.path, steps: 300)
        let split = try SourceSplit(of: dataset(), holdingOut: [2], validation: .fraction(0.5), random: RandomSource(seed: 1))
        #expect(split.training.count == 108 && split.validation.count == 36 && split.target.count == 12)
    }

    @Test("a file that is missing, cut off or too short is named; nothing is left out")
    func faults() throws {
        #expect(try fault().message.hasSuffix("none of the 24 text files is there"))
        try Data().write(to: URL(fileURLWithPath: folder("mosi.pkl")))
        #expect(try fault().message.hasSuffix("none of the 24 text files is there (it looks like the data set 'sentiment')"))
        try MotorFiles.write(to: folder.path, steps: 300)
        #expect(try fault { $0.window = 200 }.message.hasPrefix("\(folder("H_5HZ.txt")) has 300 steps, 180 of them in the stretch for 6 windows of 200"))
        let path = folder("BOW_20HZ.txt")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing("\n11\t", with: "\nx\t").write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try fault().message.hasPrefix("\(path):29: 'x\t"))
        try text.replacing("Data Channels", with: "Channels").write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try fault().message.contains("no line names 'Time (seconds) and Data Channels'"))
        try FileManager.default.removeItem(atPath: path)
        #expect(try fault().message.hasSuffix("1 of the 24 text files are not there: BOW_20HZ.txt"))
    }

    @Test("MAT files of windows are read by column, and refused unless their overlap is accepted by name")
    func matlab() throws {
        try MotorFiles.writeWindows(to: folder.path, window: 16, train: 8, test: 2)
        #expect(try fault().option == "windows")
        let data = try dataset { ($0.windows, $0.scale) = (.released, .none) }
        #expect(data.facts.samplesPerDomain == [60, 60, 60, 60])
        // A window's values are its column, its speed and its part: see `MotorFiles`.
        for row in [0, 3, 9, 100, 239] {
            let values = try data.inputs([row], modality: "sound").values
            let column = Int(values[0]) % 1000
            let isTest = data.split?[row] == .test
            #expect(column / (isTest ? 2 : 8) == data.labels[row])
            #expect(Int(values[0]) / 1000 == (data.domains[row] + 1) * 10 + (isTest ? 1 : 0))
            #expect(Set(values).count == 16)
        }
        #expect(
            try fault { ($0.windows, $0.counts) = (.released, [8, 2, 2]) }.message.contains("'load1_train' has 8 windows of each state, and counts asks for 10")
        )
    }
}
