import Foundation
import Testing

#if REGULUS_FFMPEG
    @Suite("regulus data check")
    struct DataCheckTests {
        private let folder: RecipeFolder

        init() throws { folder = try RecipeFolder() }

        private func check(_ dataset: String, root: String = "data") async throws -> Regulus.Outcome {
            try await folder.regulus("data", "check", dataset, root)
        }

        @Test("says what layout it wants where the folder is another one")
        func otherFolder() async throws {
            try folder.makeFolder("data/films")
            let outcome = try await check("hac")
            #expect(outcome.code == 2 && outcome.output.isEmpty)
            #expect(outcome.messages.contains("there is no folder HAC_Splits in data; found films"))
            #expect(outcome.messages.contains("{human,animal,cartoon}/videos/NAME.mp4"))
        }

        @Test("names the line of a split file that is wrong")
        func badRow() async throws {
            try folder.makeFolder("data/HAC_Splits")
            try folder.write("first.mp4,0\r\nsecond.mp4,many\r\n", to: "data/HAC_Splits/HAC_train_only_human.csv")
            let outcome = try await check("hac")
            #expect(outcome.code == 2)
            #expect(outcome.messages.contains("HAC_train_only_human.csv: line 2: the label 'many'; expected a whole number from 0 to 6"))
        }

        @Test("refuses a pickle that would call something, by the name of what it would call")
        func foreignClass() async throws {
            try folder.makeFolder("data/MM-SADA_Domain_Adaptation_Splits")
            var pickle = Data([0x80, 4])
            for text in ["posix", "system"] { pickle += [0x8c, UInt8(text.utf8.count)] + Array(text.utf8) }
            pickle += [0x93, 0x8c, 4] + Array("true".utf8) + [0x85, 0x52, 0x2e]
            try folder.write(pickle, to: "data/MM-SADA_Domain_Adaptation_Splits/D1_train.pkl")
            let outcome = try await check("epic-kitchens")
            #expect(outcome.code == 2)
            #expect(outcome.messages.contains("D1_train.pkl") && outcome.messages.contains("posix.system"))
        }

        @Test("lists files that are missing, and ends with status 1")
        func missing() async throws {
            try folder.makeFolder("data/HAC_Splits")
            for domain in ["human", "animal", "cartoon"] {
                for part in ["train", "test"] {
                    try folder.write("\(part).mp4,3\r\n", to: "data/HAC_Splits/HAC_\(part)_only_\(domain).csv")
                }
            }
            let outcome = try await check("hac")
            #expect(outcome.code == 1)
            #expect(outcome.output.contains("missing, flow: 12 files, which 6 rows need"))
            #expect(outcome.output.contains("data/human/videos/train.mp4"))
            #expect(outcome.lines.last == "the data set is incomplete")
        }

        @Test(
            "finds nothing wrong with the exact layouts",
            .enabled(
                if: ProcessInfo.processInfo.environment["REGULUS_LAYOUTS"] != nil,
                "set REGULUS_LAYOUTS to the folder with the layouts of EPIC-Kitchens and HAC"),
            arguments: [("epic-kitchens", "epic", 24), ("hac", "hac", 21)])
        func layouts(dataset: String, name: String, rows: Int) async throws {
            let layouts = ProcessInfo.processInfo.environment["REGULUS_LAYOUTS"] ?? ""
            let outcome = try await check(dataset, root: "\(layouts)/\(name)")
            #expect(outcome.code == 0 && outcome.messages.isEmpty)
            #expect(outcome.lines.first == "\(rows) rows, 3 domains, \(dataset == "hac" ? 7 : 8) classes")
            #expect(outcome.lines.suffix(2) == ["decoded: \(rows) of \(rows) rows that were tried", "nothing is missing or damaged"])
        }
    }

    @Suite("regulus bench loading")
    struct LoadingBenchTests {
        @Test("prints samples per second of each modality and of all, and what a step uses")
        func json() async throws {
            let folder = try RecipeFolder()
            let outcome = try await folder.regulus("bench", "loading", "r.yaml", "--samples", "4", "--workers", "1", "--json")
            #expect(outcome.code == 0)
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            let loaded = try #require(object?["loaded"] as? [[String: Any]])
            #expect(loaded.compactMap { $0["modalities"] as? [String] } == [["m1"], ["m2"], ["m1", "m2"]])
            #expect(loaded.allSatisfy { ($0["samples_per_second"] as? [Double])?.allSatisfy { $0 > 0 } == true })
            #expect((object?["step"] as? Double ?? 0) > 0 && object?["rows"] as? Int == 4)
        }
    }
#endif
