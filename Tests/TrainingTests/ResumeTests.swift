import Configuration
import Foundation
import Regularization
import Results
import TestSupport
import Testing

@testable import Training
@testable import TrainingSupport

@Suite("A trial that stops and goes on")
struct ResumeTests {
    @Test(
        "ends with the bits of an undisturbed one, after whichever step it stopped",
        arguments: ["adam", "adamw", "lars", "sgd"])
    func everyStep(_ optimizer: String) throws {
        let plan = Interruption.plan(optimizer, options: ["sgd", "lars"].contains(optimizer) ? ["momentum": .number(0.9)] : [:])
        let whole = try Interruption.trial(plan).run()
        #expect(whole.result.status == .finished)
        for steps in optimizer == "adam" ? Array(1...Interruption.steps) : [1, 5, 12] {
            let folder = try TemporaryFolder()
            #expect(try Interruption.run(plan, in: folder.url, stoppingAfter: steps) == nil)
            let rest = try #require(try Interruption.run(plan, in: folder.url))
            #expect(rest.result.timeless == whole.result.timeless, "stopped after \(steps) steps")
            #expect(rest.bits == whole.bits, "stopped after \(steps) steps")
        }
    }

    @Test("ends with the same bits when it stops after every single step")
    func oneByOne() throws {
        let (plan, folder) = (Interruption.plan(), try TemporaryFolder())
        for step in 1...Interruption.steps {
            #expect(try Interruption.run(plan, in: folder.url, stoppingAfter: 1) == nil)
            #expect(Interruption.savedSteps(of: plan, in: folder.url).first == step)
        }
        let (rest, whole) = (try #require(try Interruption.run(plan, in: folder.url)), try Interruption.trial(plan).run())
        #expect(rest.result.timeless == whole.result.timeless)
        #expect(rest.bits == whole.bits)
    }

    @Test("fails at the same step with the same epochs where it would have failed")
    func failure() throws {
        let plan = Sample.plan([TermPlan("breaking", options: ["step": .integer(7)])])
        let folder = try TemporaryFolder()
        #expect(try Interruption.run(plan, in: folder.url, stoppingAfter: 6) == nil)
        let rest = try #require(try Interruption.run(plan, in: folder.url))
        #expect(try rest.result.timeless == Interruption.trial(plan).run().result.timeless)
        #expect(rest.state.isEmpty)
    }

    @Test("tells of the epochs that were done before, then of the others")
    func epochs() throws {
        let (plan, folder) = (Interruption.plan(), try TemporaryFolder())
        _ = try Interruption.run(plan, in: folder.url, stoppingAfter: 12)
        var told: [Int] = []
        let saving = TrialSaving(
            folder: ResumeFolder(folder.url, origin: SavedOrigin(plan: plan)), interval: .seconds(3600), shouldStop: { false },
            isOwned: { true })
        _ = try Interruption.trial(plan).run(saving: saving) { told.append($0.epoch) }
        #expect(told == [1, 2, 3])
    }

    @Test("keeps the last two saves")
    func lastTwo() throws {
        let (plan, folder) = (Interruption.plan(), try TemporaryFolder())
        for _ in 1...3 { _ = try Interruption.run(plan, in: folder.url, stoppingAfter: 2) }
        #expect(Interruption.savedSteps(of: plan, in: folder.url) == [6, 4])
    }

    @Test("saves nothing before its time has come")
    func interval() throws {
        let (plan, folder) = (Interruption.plan(), try TemporaryFolder())
        let saving = TrialSaving(
            folder: ResumeFolder(folder.url, origin: SavedOrigin(plan: plan)), interval: .seconds(3600), shouldStop: { false },
            isOwned: { true })
        _ = try Interruption.trial(plan).run(saving: saving)
        #expect(Interruption.savedSteps(of: plan, in: folder.url).isEmpty)
    }

    @Test("saves after every step where no time is to pass between saves")
    func everySave() throws {
        let (plan, folder) = (Sample.plan { $0.epochs = 1 }, try TemporaryFolder())
        let saving = TrialSaving(
            folder: ResumeFolder(folder.url, origin: SavedOrigin(plan: plan)), interval: .zero, shouldStop: { false }, isOwned: { true })
        _ = try Interruption.trial(plan).run(saving: saving)
        #expect(Interruption.savedSteps(of: plan, in: folder.url) == [5, 4])
    }

    @Test("saves nothing once it belongs to another worker")
    func lost() throws {
        let (plan, folder) = (Interruption.plan(), try TemporaryFolder())
        let saving = TrialSaving(
            folder: ResumeFolder(folder.url, origin: SavedOrigin(plan: plan)), interval: .zero, shouldStop: { false }, isOwned: { false })
        #expect(throws: TrialInterrupted.self) { try Interruption.trial(plan).run(saving: saving) }
        #expect(Interruption.savedSteps(of: plan, in: folder.url).isEmpty)
    }

    @Test("adds up its time over all that worked on it")
    func time() throws {
        let (plan, folder) = (Interruption.plan(), try TemporaryFolder())
        _ = try Interruption.run(plan, in: folder.url, stoppingAfter: 3)
        let saves = ResumeFolder(folder.url, origin: SavedOrigin(plan: plan))
        let saved = saves.newest { saved -> SavedTrial in
            var later = saved
            later.progress.seconds = 1000
            return later
        }
        try saves.write(try #require(saved))
        #expect(try #require(try Interruption.run(plan, in: folder.url)).result.seconds > 1000)
    }
}
