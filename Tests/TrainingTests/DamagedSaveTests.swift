import Foundation
import TestSupport
import Testing
import Weights

@testable import Training
@testable import TrainingSupport

@Suite("A save that cannot be used")
struct DamagedSaveTests {
    private let plan = Interruption.plan()

    enum Damage: CaseIterable {
        case cutOff, empty, aValue, theProgress, renamed

        /// Damages the save of a step.
        func apply(to file: URL) throws {
            var bytes = try Data(contentsOf: file)
            switch self {
            case .cutOff: bytes = bytes.prefix(bytes.count / 2)
            case .empty: bytes = Data()
            case .aValue: bytes[bytes.count - 5] ^= 1
            case .theProgress:
                let place = try #require(bytes.range(of: Data("\\\"seconds\\\":".utf8)))
                bytes[place.upperBound] = bytes[place.upperBound] == UInt8(ascii: "7") ? UInt8(ascii: "8") : UInt8(ascii: "7")
            case .renamed:
                try FileManager.default.moveItem(at: file, to: file.deletingLastPathComponent().appendingPathComponent("9.safetensors"))
                return
            }
            try bytes.write(to: file)
        }
    }

    /// The step that a trial would go on from; nil for a new beginning.
    private func step(in folder: TemporaryFolder, of plan: TrialPlan) -> Int? {
        ResumeFolder(folder.url, origin: SavedOrigin(plan: plan)).newest { $0.progress.step }
    }

    private func file(_ step: Int, in folder: TemporaryFolder) -> URL { folder.url.appendingPathComponent("\(step).safetensors") }

    /// A folder with the saves of a step and of the one before.
    private func stopped(after steps: Int) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for more in [steps - 1, 1] { #expect(try Interruption.run(plan, in: folder.url, stoppingAfter: more) == nil) }
        return folder
    }

    private func expectTheSameBits(in folder: TemporaryFolder) throws {
        let (rest, whole) = (try #require(try Interruption.run(plan, in: folder.url)), try Interruption.trial(plan).run())
        #expect(rest.result.timeless == whole.result.timeless)
        #expect(rest.bits == whole.bits)
    }

    @Test("is passed over for the one before, and the trial ends with the same bits", arguments: Damage.allCases)
    func fallBack(_ damage: Damage) throws {
        let folder = try stopped(after: 8)
        #expect(step(in: folder, of: plan) == 8)
        try damage.apply(to: file(8, in: folder))
        #expect(step(in: folder, of: plan) == 7)
        try expectTheSameBits(in: folder)
    }

    @Test("leads back to the start where there is none before, and the trial ends with the same bits")
    func start() throws {
        let folder = try stopped(after: 8)
        for step in [7, 8] { try Damage.aValue.apply(to: file(step, in: folder)) }
        #expect(step(in: folder, of: plan) == nil)
        try expectTheSameBits(in: folder)
    }

    @Test("may be another plan's")
    func foreign() throws {
        let folder = try stopped(after: 8)
        var other = plan
        other.learningRate = 0.02
        #expect(step(in: folder, of: other) == nil)
    }

    @Test("may not fit the model, which then keeps its initial values")
    func misfit() throws {
        let folder = try stopped(after: 8)
        let saves = ResumeFolder(folder.url, origin: SavedOrigin(plan: plan))
        let saved = try #require(saves.newest { $0 })
        for step in saves.steps { try FileManager.default.removeItem(at: file(step, in: folder)) }
        var misfit = saved
        // The model is loaded before the optimizer, whose memory is cut here.
        misfit.trainer.removeLast()
        try saves.write(misfit)
        #expect(saves.steps == [8])
        try expectTheSameBits(in: folder)
    }

    @Test("may stand at a place that its plan does not reach")
    func impossible() throws {
        let folder = try stopped(after: 8)
        let saves = ResumeFolder(folder.url, origin: SavedOrigin(plan: plan))
        var saved = try #require(saves.newest { $0 })
        saved.progress.epoch = 4
        saved.progress.step = 9
        try saves.write(saved)
        try expectTheSameBits(in: folder)
    }

    @Test("says where it comes from")
    func origin() throws {
        let folder = try stopped(after: 3)
        let metadata = try SafetensorsFile(file(3, in: folder).path).metadata
        #expect(metadata["plan"] == plan.training && metadata["threads"] == "1")
        #expect(metadata["core"]?.isEmpty == false && metadata["sha256"]?.count == 64)
    }
}
