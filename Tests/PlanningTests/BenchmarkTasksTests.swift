import Configuration
import Datasets
import Foundation
import Recipes
import TestSupport
import Testing

@testable import Planning
@testable import Training
@testable import TrainingSupport

#if REGULUS_FFMPEG
    import MediaSupport
#endif

/// A task of the benchmark: what is trained on, what is reported, and how many rows that is.
private struct BenchmarkTask: Hashable {
    let modalities: Set<String>
    let sources: Set<String>
    let target: String
    /// Rows to train on and to choose by, and reported rows.
    let rows: [Int]
}

/// What a domain gives to a task: rows to train on and to choose by where it is a source, and reported rows where it is the target.
private struct Rows {
    let training, validation, reported: Int
}

/// What the benchmark's runners list, with the numbers of rows of its data sets: all 95 are planned, none is trained.
@Suite("Each task of MMDG-Bench has the sources, the target and the rows that the benchmark gives it")
struct BenchmarkTasksTests {
    /// The tasks of transfers such as `D2 D3 > D1`, for each set of modalities.
    private static func tasks(_ transfers: [String], _ modalities: [Set<String>], _ domains: [String: Rows]) -> Set<BenchmarkTask> {
        var tasks: Set<BenchmarkTask> = []
        for transfer in transfers {
            let sides = transfer.components(separatedBy: " > ")
            let sources = sides[0].components(separatedBy: " ")
            let rows = [
                sources.reduce(0) { $0 + (domains[$1]?.training ?? 0) }, sources.reduce(0) { $0 + (domains[$1]?.validation ?? 0) },
                domains[sides[1]]?.reported ?? 0,
            ]
            for modalities in modalities {
                tasks.insert(BenchmarkTask(modalities: modalities, sources: Set(sources), target: sides[1], rows: rows))
            }
        }
        return tasks
    }

    /// Every ordered pair of some domains.
    private static func pairs(_ domains: [String]) -> [String] {
        domains.flatMap { source in domains.filter { $0 != source }.map { "\(source) > \($0)" } }
    }

    /// Each domain from all others.
    private static func leftOut(_ domains: [String]) -> [String] {
        domains.map { target in domains.filter { $0 != target }.joined(separator: " ") + " > \(target)" }
    }

    /// Plans a recipe of the benchmark, and says of each of its cells what it trains on and reports.
    private func planned(_ name: String, _ overrides: [String], targets: TargetFacts) throws -> [BenchmarkTask] {
        let name = "mmdg-bench/\(name).yaml"
        let planned = try Sample.planned(PaperRecipes.text(name), file: PaperRecipes.path(name), overrides: overrides)
        return try planned.cells.all.map { cell in
            #expect(cell.row == "ERM" && cell.candidates.count == 1)
            let plan = cell.candidates[0].plan
            let data = try #require(planned.datasets[plan.data])
            #expect(data.facts.targets == targets)
            let names = data.facts.domains
            let split = try plan.makeSplit(of: data)
            #expect(split.sourceDomains == plan.sources && split.targetDomains == plan.targets)
            func domains(_ rows: [Int]) -> Set<Int> { Set(rows.map { data.domains[$0] }) }
            #expect(domains(split.training.rows) == Set(plan.sources) && domains(split.validation.rows) == Set(plan.sources))
            #expect(domains(split.target.rows) == Set(plan.targets) && plan.targets.count == 1)
            #expect(Set(split.training.rows).isDisjoint(with: split.validation.rows))
            return BenchmarkTask(
                modalities: Set(plan.model.encoders.keys.map(\.name)), sources: Set(plan.sources.map { names[$0] }), target: names[plan.targets[0]],
                rows: [split.training.count, split.validation.count, split.target.count])
        }
    }

    /// Expects that the two recipes of a data set have the tasks, each once.
    private func expect(_ data: String, _ overrides: [String], targets: TargetFacts, several: Set<BenchmarkTask>, single: Set<BenchmarkTask>) throws {
        for (setting, tasks) in [("", several), ("-single-source", single)] {
            let found = try planned(data + setting, overrides, targets: targets)
            #expect(found.count == tasks.count, "\(data)\(setting)")
            #expect(Set(found) == tasks, "\(data)\(setting)")
        }
    }

    @Test("HUST motor: 4 and 12 tasks; of each state and speed three of five windows are trained on, one chooses and one is reported")
    func motor() throws {
        #expect(HUSTMotor.Options().counts == [600, 200, 200])
        let folder = try TemporaryFolder()
        try MotorFiles.write(to: folder.path, steps: 800)
        let speeds = ["5-hz", "10-hz", "20-hz", "30-hz"]
        let rows = Rows(training: 6 * 6, validation: 6 * 2, reported: 6 * 2)
        let domains = Dictionary(uniqueKeysWithValues: speeds.map { ($0, rows) })
        let modalities: [Set<String>] = [["vibration", "sound"]]
        let (several, single) = (Self.tasks(Self.leftOut(speeds), modalities, domains), Self.tasks(Self.pairs(speeds), modalities, domains))
        #expect(several.count == 4 && single.count == 12)
        try expect(
            "hust-motor", ["data.root=\(folder.path)", "data.window=64", "data.counts=[6, 2, 2]", "training.batch=16"],
            targets: TargetFacts(.classes, names: ["healthy", "bf", "bow", "broken", "misal", "unbal"]), several: several, single: single)
    }

    @Test("sentiment: 2 and 5 tasks; the sources' train and valid parts, and the target's test part")
    func sentiment() throws {
        var options = Sentiment.Options()
        options.root = PaperRecipes.root.appendingPathComponent("Tests/Fixtures/sentiment").path
        let data = try Sentiment(options: options)
        var domains: [String: Rows] = [:]
        for (number, name) in data.facts.domains.enumerated() {
            func count(_ part: SplitName) -> Int { data.labels.indices.count { data.domains[$0] == number && data.split?[$0] == part } }
            domains[name] = Rows(training: count(.train), validation: count(.validation), reported: count(.test))
        }
        #expect(Set(domains.keys) == ["mosi", "mosei", "sims"] && domains.values.allSatisfy { $0.training > 0 && $0.validation > 0 && $0.reported > 0 })
        let modalities: [Set<String>] = [["text", "audio", "vision"]]
        try expect(
            "sentiment", ["data.root=\(options.root)", "training.batch=8", "model.encoder.layers=1"], targets: TargetFacts(.values, names: ["sentiment"]),
            several: Self.tasks(["mosi mosei > sims", "mosi sims > mosei"], modalities, domains),
            single: Self.tasks(["mosei > sims", "mosi > sims", "mosi > mosei", "sims > mosi", "sims > mosei"], modalities, domains))
    }

    #if REGULUS_FFMPEG
        /// Clips and encoders in small.
        private func action(_ root: String) -> [String] {
            [
                "data.root=\(root)", "seeds=[1]", "data.frames=8", "data.flow-frames=4", "data.short-side=32", "data.crop=32",
                "data.flow-evaluation-crop=32", "model.encoders.video.width=8", "model.encoders.video.blocks=[1, 1, 1, 1]",
                "model.encoders.audio.width=4", "model.encoders.audio.blocks=[1, 1, 1, 1]", "model.encoders.flow.width=4",
                "model.encoders.flow.blocks=[1, 1, 1, 1]",
            ]
        }

        /// Expects that the two recipes of a data set of three domains have the benchmark's tasks, each on four sets of modalities.
        ///
        /// - Parameters:
        ///   - counts: how many rows the published lists of each domain have for training and for tests.
        ///   - reported: how many rows of a domain are reported where it is the target.
        private func expectAction(
            _ data: String, root: String, classes: [String], counts: [String: (training: Int, tests: Int)], reported: (Int, Int) -> Int
        ) throws {
            let modalities: [Set<String>] = [["video", "audio"], ["video", "flow"], ["audio", "flow"], ["video", "audio", "flow"]]
            let domains = counts.mapValues { Rows(training: $0.training, validation: $0.tests, reported: reported($0.training, $0.tests)) }
            let names = counts.keys.sorted()
            let (several, single) = (Self.tasks(Self.leftOut(names), modalities, domains), Self.tasks(Self.pairs(names), modalities, domains))
            #expect(several.count == 12 && single.count == 24)
            try expect(data, action(root), targets: TargetFacts(.classes, names: classes), several: several, single: single)
        }

        @Test("EPIC-Kitchens: 12 and 24 tasks; the sources' train and test rows, and the target's test rows")
        func epic() throws {
            let folder = try MediaFolder()
            let published: [String: (training: Int, tests: Int)] = ["D1": (1543, 435), "D2": (2495, 750), "D3": (3897, 974)]
            for (domain, counts) in published {
                for (part, count) in [("train", counts.training), ("test", counts.tests)] {
                    let header = "uid,participant_id,video_id,narration,start_timestamp,stop_timestamp,start_frame,stop_frame,verb,verb_class\n"
                    let rows = (0..<count).map { "\($0),P01,P01_\($0 % 9),take,00:00:01.00,00:00:02.00,60,120,take,\($0 % 8)\n" }
                    _ = try folder.write(
                        Data((header + rows.joined()).utf8), to: "MM-SADA_Domain_Adaptation_Splits/\(domain)_\(part).csv")
                }
            }
            try expectAction(
                "epic-kitchens", root: folder.path, classes: ["take", "put", "open", "close", "wash", "cut", "mix", "pour"], counts: published
            ) { _, tests in tests }
        }

        @Test("HAC: 12 and 24 tasks; the sources' train and test rows, and all rows of the target")
        func hac() throws {
            let folder = try MediaFolder()
            let published: [String: (training: Int, tests: Int)] = ["human": (1111, 276), "animal": (730, 176), "cartoon": (870, 218)]
            for (domain, counts) in published {
                for (part, count) in [("train", counts.training), ("test", counts.tests)] {
                    let rows = (0..<count).map { "\(part)-\($0).mp4,\($0 % 7)\n" }
                    _ = try folder.write(Data(rows.joined().utf8), to: "HAC_Splits/HAC_\(part)_only_\(domain).csv")
                }
            }
            try expectAction(
                "hac", root: folder.path, classes: ["sleeping", "watching-tv", "eating", "drinking", "swimming", "running", "opening-door"],
                counts: published, reported: +)
        }
    #endif
}
