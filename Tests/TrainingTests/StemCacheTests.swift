import Configuration
import Datasets
import Foundation
import Models
import Networks
import Persistence
import Regularization
import Results
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import Training
@testable import TrainingSupport

/// Trials of all three encoders on generated clips.
private enum Stems {
    static let blocks: OptionValue = .list([.integer(1), .integer(1), .integer(1), .integer(1)])

    static func plan(
        cached: Bool, draws: Int? = 2, options: [String: OptionValue] = [:], change: (inout TrialPlan) -> Void = { _ in }
    ) -> TrialPlan {
        ClipTrials.plan([TermPlan("mer")], options: options) { plan in
            func encoder(_ name: String, _ options: [String: OptionValue]) -> ComponentPlan {
                let shared: [String: OptionValue] = ["blocks": blocks, "train": .string("last-stage"), "batch-norm": .string("evaluation")]
                return ComponentPlan(name, options: shared.merging(options) { $1 })
            }
            plan.model = .assembled(
                encoders: [
                    "video": encoder(
                        "slowfast", ["width": .integer(4), "channel-ratio": .integer(2), "lateral-kernel": .integer(3)]),
                    "flow": encoder("slowonly", ["width": .integer(2)]), "audio": encoder("resnet18", ["width": .integer(4)]),
                ], fusion: ComponentPlan("late", options: ["hidden": .integer(8)]))
            plan.epochs = 3
            plan.augmentationDraws = draws
            plan.stemCache = cached
            plan.learningRate = 0.001
            change(&plan)
        }
    }

    static func trial(_ plan: TrialPlan, in folder: TemporaryFolder) throws -> Trial { try trial(plan, in: folder.url) }

    static func trial(_ plan: TrialPlan, in folder: URL) throws -> Trial {
        Threads.use(1)
        let components = try ClipTrials.components()
        return try Trial(
            plan, key: TrialKey(row: "row", target: "d3", seed: plan.seed),
            dataset: components.datasets.make(plan.data.name, options: plan.data.options), components: components,
            stems: folder.appendingPathComponent("stems"))
    }

    static func files(in folder: TemporaryFolder) -> [URL] {
        let root = folder.url.appendingPathComponent("stems")
        let names = FileManager.default.subpaths(atPath: root.path) ?? []
        return names.filter { $0.hasSuffix(".stems") }.sorted().map(root.appendingPathComponent)
    }
}

extension TrialResult {
    /// The losses of all epochs.
    fileprivate var losses: [Double] { epochs.flatMap { [$0.trainingLoss, $0.sourceValidationLoss ?? -1] } }

    /// Without what a cache changes: how much was decoded.
    fileprivate var withoutLoading: TrialResult {
        var result = timeless
        result.loading = nil
        return result
    }
}

@Suite("Stored stems")
struct StemCacheTests {
    /// 16-bit floats keep 11 bits: a relative error of 2⁻¹¹ in what the last stage reads. Over a short training the losses stay within a
    /// few times that.
    private static let tolerance = 0.01

    @Test("training on stored stems gives the losses of training without them, up to 16-bit rounding")
    func equal() throws {
        let folder = try TemporaryFolder()
        let with = try Stems.trial(Stems.plan(cached: true), in: folder).run().result
        let without = try Stems.trial(Stems.plan(cached: false), in: folder).run().result
        #expect(with.status == .finished && with.steps == without.steps && with.parameters == without.parameters)
        for (one, other) in zip(with.epochs, without.epochs) {
            #expect(abs(one.trainingLoss - other.trainingLoss) < Self.tolerance * max(1, abs(other.trainingLoss)))
            let (a, b) = (try #require(one.sourceValidationLoss), try #require(other.sourceValidationLoss))
            #expect(abs(a - b) < Self.tolerance * max(1, b))
        }
        // Otherwise the losses would agree without anything having been read from files.
        #expect(with.epochs != without.epochs)
        // Two draws and the evaluation, for each of three encoders.
        #expect(Stems.files(in: folder).count == 9)
    }

    @Test("a second trial reads what the first stored, decodes nothing, and has the same bits, whatever its row or seed of draws")
    func shared() throws {
        let folder = try TemporaryFolder()
        let counter = UUID().uuidString
        let plan = Stems.plan(cached: true, options: ["counter": .string(counter)])
        let first = try Stems.trial(plan, in: folder).run()
        let decoded = GeneratedClips.decodings(counter)
        #expect(decoded > 0)
        let second = try Stems.trial(plan, in: folder).run()
        #expect(GeneratedClips.decodings(counter) == decoded)
        #expect(second.bits == first.bits && second.result.withoutLoading == first.result.withoutLoading)
        let other = Stems.plan(cached: true, options: ["counter": .string(counter)]) { $0.regularizers = [] }
        _ = try Stems.trial(other, in: folder).run()
        #expect(GeneratedClips.decodings(counter) == decoded)
        #expect(Stems.files(in: folder).count == 9)
    }

    @Test("a draw is seen again after as many epochs as there are draws, by all seeds alike")
    func draws() throws {
        func sums(_ draws: Int?, seed: Int) throws -> [Double] {
            let plan = ClipTrials.plan([TermPlan("watching")], seed: seed) { plan in
                (plan.epochs, plan.augmentationDraws, plan.batch, plan.validation) = (4, draws, 12, .fraction(0.2))
            }
            return try ClipTrials.trial(plan).run().result.epochs.compactMap { $0.terms["watching.inputs"] }
        }
        // One batch holds all training rows, so the sum over it tells the draw, up to the rounding of 61000 values in another order.
        let two = try sums(2, seed: 1)
        #expect(abs(two[0] - two[2]) < 2 && abs(two[1] - two[3]) < 2 && abs(two[0] - two[1]) > 2)
        let all = try sums(nil, seed: 1)
        #expect(abs(all[0] - all[2]) > 2)
        let view = { (draws: Int?, seed: Int) in Stems.plan(cached: false, draws: draws) { $0.seed = seed }.trainingView(epoch: 3) }
        #expect(view(2, 1) == view(2, 5))
        #expect(view(nil, 1) != view(nil, 5))
    }

    @Test("a trial that stops and goes on has the bits of an undisturbed one", arguments: [1, 20, 70])
    func resumed(_ steps: Int) throws {
        let (whole, folder) = (try TemporaryFolder(), try TemporaryFolder())
        let plan = Stems.plan(cached: true)
        let expected = try Stems.trial(plan, in: whole).run()
        let done = Atomic(0)
        let saving = TrialSaving(
            folder: ResumeFolder(folder.url.appendingPathComponent("resume"), origin: SavedOrigin(plan: plan)), interval: .seconds(3600),
            shouldStop: { done.add(1, ordering: .relaxed).newValue == steps }, isOwned: { true })
        #expect(throws: TrialInterrupted.self) { try Stems.trial(plan, in: folder).run(saving: saving) }
        let rest = try Stems.trial(plan, in: folder).run(saving: saving)
        #expect(rest.bits == expected.bits)
        #expect(rest.result.epochs == expected.result.epochs)
    }

    @Test("what is damaged is computed again and the rest is kept", arguments: Damage.allCases)
    func damaged(_ damage: Damage) throws {
        let folder = try TemporaryFolder()
        let counter = UUID().uuidString
        let plan = Stems.plan(cached: true, options: ["counter": .string(counter)])
        let first = try Stems.trial(plan, in: folder).run()
        let before = GeneratedClips.decodings(counter)
        let file = try #require(Stems.files(in: folder).first { $0.path.contains("audio") && $0.path.contains("draw-1") })
        try damage.apply(to: file)
        let second = try Stems.trial(plan, in: folder).run()
        #expect(second.bits == first.bits)
        let again = GeneratedClips.decodings(counter) - before
        #expect(damage.decodings.contains(again), "\(again) clips were decoded")
        _ = try Stems.trial(plan, in: folder).run()
        #expect(GeneratedClips.decodings(counter) == before + again)
    }

    enum Damage: CaseIterable {
        case values, header, cutOff, foreign, empty, missing

        /// How many clips have to be decoded again; an epoch trains on twelve, and two epochs show a draw.
        var decodings: ClosedRange<Int> {
            switch self {
            case .values: 1...1
            case .cutOff: 1...14
            case .header, .foreign, .empty, .missing: 12...14
            }
        }

        func apply(to file: URL) throws {
            var bytes = try Data(contentsOf: file)
            switch self {
            case .values:
                // In the values of the first row that has any.
                let place = try #require(bytes[4096...].firstIndex { $0 != 0 })
                bytes[place + 70] ^= 1
            case .header: bytes[20] ^= 1
            case .cutOff: bytes = bytes.prefix(bytes.count * 2 / 3)
            case .foreign: bytes = Data("something else".utf8)
            case .empty: bytes = Data()
            case .missing: return try FileManager.default.removeItem(at: file)
            }
            try bytes.write(to: file)
        }
    }

    @Test("several trials that fill the same files at once get the bits of one alone")
    func atOnce() throws {
        let (alone, together) = (try TemporaryFolder(), try TemporaryFolder())
        let plans = [1, 2, 3].map { seed in Stems.plan(cached: true) { $0.seed = seed } } + [Stems.plan(cached: true)]
        let expected = try plans.map { try Stems.trial($0, in: alone).run().bits }
        let url = together.url
        let found = Slots<[String: [UInt32]]>(count: plans.count)
        WorkerPool(workers: 4, threadsPerWorker: 1).run(
            plans.indices.map { index in
                { if let bits = try? Stems.trial(plans[index], in: url).run().bits { found.set(bits, at: index) } }
            })
        #expect(found.complete == expected)
    }

    @Test("an encoder without a stem beside others reads its inputs as ever, and rows that cannot be read are left out of both")
    func mixed() throws {
        let folder = try TemporaryFolder()
        func result(cached: Bool) throws -> TrialResult {
            let plan = Stems.plan(cached: cached, options: ClipTrials.skipping([2, 9, 20])) { plan in
                guard case .assembled(var encoders, let fusion) = plan.model else { return }
                encoders["audio"] = ComponentPlan("image-cnn", options: ["width": .integer(2), "stages": .integer(2), "embedding": .integer(4)])
                plan.model = .assembled(encoders: encoders, fusion: fusion)
            }
            return try Stems.trial(plan, in: folder).run().result
        }
        let (with, without) = (try result(cached: true), try result(cached: false))
        #expect(Stems.files(in: folder).count == 6)
        #expect(with.status == .finished)
        #expect(with.loading?.leftOut.map(\.row).sorted() == without.loading?.leftOut.map(\.row).sorted())
        for (one, other) in zip(with.losses, without.losses) { #expect(abs(one - other) < Self.tolerance * max(1, abs(other))) }
    }

    @Test("data in memory are stored once, whatever the number of draws")
    func inMemory() throws {
        let folder = try TemporaryFolder()
        let file = try StemFile(
            in: folder.url.path,
            key: StemKey(
                Stems.plan(cached: true), isDecoded: false, modality: "video", encoder: ComponentPlan("slowfast"), stem: "0",
                standardization: .none, view: .evaluation), rows: 3, shapes: [[2, 3], [4]])
        let values = (0..<10).map { Float16($0) / 3 }
        #expect(try !file.mayHold(1))
        try file.write(values, row: 1)
        #expect(try file.read(1) == values && file.mayHold(1))
        #expect(try file.read(0) == nil && file.read(2) == nil)
    }

    @Test("files of other weights, views or options have other names")
    func keys() {
        func key(
            _ stem: String = "0", options: [String: OptionValue] = [:], view: StemKey.View = .draw(1), change: (inout TrialPlan) -> Void = { _ in }
        ) -> StemKey {
            StemKey(
                Stems.plan(cached: true, change: change), isDecoded: true, modality: "video",
                encoder: ComponentPlan("slowfast", options: options), stem: stem, standardization: .none, view: view)
        }
        let others = [
            key("1"), key(options: ["resample-rate": .integer(8)]), key(view: .draw(2)), key(view: .evaluation),
            key { $0.dataFingerprint = "x" }, key { $0.data.options["samples"] = .integer(9) }, key { $0.augmentationDraws = nil },
            key { $0.threads = 2 },
        ]
        #expect(Set((others + [key()]).map(\.path)).count == others.count + 1)
        // The last stage, regularizers, and seeds where draws are shared make no difference.
        #expect(key(options: ["train": .string("none"), "weights": .string("w.pyth")]) == key { ($0.seed, $0.regularizers, $0.targets) = (7, [], [1]) })
    }
}
