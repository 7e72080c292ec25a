import Configuration
import Datasets
import Foundation
import Models
import Networks
import Regularization
import Results
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import Training
@testable import TrainingSupport

@Suite("Trials on data that are decoded while they train")
struct LoadingTests {
    @Test("training sees every row anew in every epoch")
    func augmented() throws {
        let result = try ClipTrials.trial(
            ClipTrials.plan([TermPlan("watching")]) {
                $0.batch = 12
                $0.epochs = 3
            }
        ).run().result
        let sums = result.epochs.compactMap { $0.terms["watching.inputs"] }
        // One batch of all rows an epoch: without augmentation the sums would be equal but for their order.
        #expect(sums.count == 3)
        #expect(abs(sums[0] - sums[1]) > 0.01 && abs(sums[1] - sums[2]) > 0.01)
    }

    @Test("the number of decoding threads changes no bit, and neither it nor the memory is part of the plan's hash")
    func workers() throws {
        let plans = [["workers": OptionValue.integer(1)], ["workers": .integer(5), "memory": .integer(16)]].map { options in
            ClipTrials.plan(options: options) { $0.indifferentOptions = LoadingOptions.indifferent }
        }
        let (one, five) = (try ClipTrials.trial(plans[0]).run(), try ClipTrials.trial(plans[1]).run())
        #expect(one.bits == five.bits)
        #expect(one.result.timeless == five.result.timeless)
        #expect(plans[0].hash == plans[1].hash)
    }

    @Test("a trial that stops within an epoch and goes on has the bits of an undisturbed one", arguments: 1...5)
    func resumed(_ steps: Int) throws {
        let folder = try TemporaryFolder()
        let plan = ClipTrials.plan([TermPlan("mer")], options: ClipTrials.skipping([3]))
        let whole = try ClipTrials.trial(plan).run()
        let done = Atomic(0)
        let saving = TrialSaving(
            folder: ResumeFolder(folder.url, origin: SavedOrigin(plan: plan)), interval: .seconds(3600),
            shouldStop: { done.add(1, ordering: .relaxed).newValue == steps }, isOwned: { true })
        #expect(throws: TrialInterrupted.self) { try ClipTrials.trial(plan).run(saving: saving) }
        let rest = try ClipTrials.trial(plan).run(saving: saving)
        #expect(rest.bits == whole.bits)
        #expect(rest.result.epochs == whole.result.epochs)
        let (found, expected) = (try #require(rest.result.loading), try #require(whole.result.loading))
        #expect(found.leftOut.map(\.row) == expected.leftOut.map(\.row))
        // What was decoded ahead is not counted until it is used.
        #expect(found.samples == expected.samples)
    }

    @Test("rows that cannot be read are left out, and the result names them")
    func skipped() throws {
        let result = try ClipTrials.trial(ClipTrials.plan([TermPlan("mer"), TermPlan("relative-norm-alignment")], options: ClipTrials.skipping([1, 20]))).run()
            .result
        #expect(result.status == .finished)
        let loading = try #require(result.loading)
        #expect(Set(loading.leftOut.map(\.row)) == [1, 20])
        #expect(loading.leftOut.allSatisfy { $0.path == "clips/\($0.row).jpg" && $0.reason == "damaged" })
        // Row 20 is the target's, scored once an epoch.
        #expect(loading.leftOut.first { $0.row == 20 }?.times == 2)
        #expect(loading.samples > 0 && loading.seconds > 0)
        #expect(try Sample.run(Sample.plan()).result.loading == nil)
    }

    @Test("a batch with one row left trains where its regularizers allow, and names the one that does not")
    func oneLeft() throws {
        // Each batch has one row of each source, and most rows of the second are bad.
        let bad = ClipTrials.skipping(Array(8..<14))
        let alone = ClipTrials.plan(options: bad) { $0.batch = 2 }
        #expect(try ClipTrials.trial(alone).run().result.status == .finished)
        let mer = ClipTrials.plan([TermPlan("mer")], options: bad) { $0.batch = 2 }
        let fault = #expect(throws: DatasetFault.self) { try ClipTrials.trial(mer).run() }
        #expect(fault?.message == "1 of the 2 rows of a batch can be read, and the regularizer 'mer' needs 2")
    }

    @Test("a bad row ends the study with its file's name unless it may be skipped")
    func stopped() throws {
        let fault = #expect(throws: DatasetFault.self) {
            try ClipTrials.trial(ClipTrials.plan(options: ["bad": .list([.integer(20)])])).run()
        }
        #expect(fault?.message == "row 20 cannot be read: clips/20.jpg: damaged")
    }
}
