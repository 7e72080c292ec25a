import Foundation
import Results
import SampleResults
import Testing

@Suite("Results in files")
struct ResultCodingTests {
    @Test("A result comes back from its file as it was, to the last bit")
    func roundTrip() throws {
        var result = SampleStudy.complete[5]
        result.targetScore = 1.0 / 3
        result.epochs = [
            EpochRecord(epoch: 1, trainingLoss: 0.1 + 0.2, terms: ["mer": 2e-300], sourceValidationLoss: .infinity)
        ]
        let back = try ResultCoding.value(TrialResult.self, from: ResultCoding.document(result))
        #expect(back == result)
    }

    @Test("A loss that is not a number survives any encoder, and is readable in the file")
    func notANumber() throws {
        let record = EpochRecord(epoch: 2, trainingLoss: .nan, terms: ["mer": -.infinity])
        let data = try JSONEncoder().encode(record)
        #expect(String(decoding: data, as: UTF8.self).contains(#""trainingLoss":"nan""#))
        let back = try JSONDecoder().decode(EpochRecord.self, from: data)
        #expect(back.trainingLoss.isNaN)
        #expect(back.terms == ["mer": -.infinity])
    }

    @Test("A record from before shares were measured is read as having none; shares come back as they were")
    func shares() throws {
        let old = try ResultCoding.value(EpochRecord.self, from: Data(#"{"epoch":1,"trainingLoss":1,"terms":{}}"#.utf8))
        #expect(old.gradientShares.isEmpty)
        #expect(try ResultCoding.line(old) == #"{"epoch":1,"terms":{},"trainingLoss":1}"#)
        let record = EpochRecord(epoch: 1, trainingLoss: 1, gradientShares: ["task": 2.0 / 3, "mer": 1.0 / 3])
        #expect(try ResultCoding.value(EpochRecord.self, from: Data(ResultCoding.line(record).utf8)) == record)
    }

    @Test("Results of the time when there was one task are read with their accuracies as scores")
    func accuracies() throws {
        let record = #"{"epoch":1,"trainingLoss":1,"terms":{},"sourceValidationAccuracy":0.75,"targetAccuracy":0.5}"#
        let text =
            #"{"key":{"row":"r","target":"t","seed":1,"variant":{},"repetition":{}},"plan":"p","status":{"state":"finished"},"epochs":["#
            + record + #"],"selectedEpoch":1,"targetAccuracy":0.5,"oracleAccuracy":0.5,"lastAccuracy":0.5,"sourceValidationAccuracy":0.75,"#
            + #""chosen":[],"candidates":[{"values":[],"accuracy":0.25}],"seconds":1,"steps":1,"secondsInPenalties":0,"parameters":1}"#
        let result = try ResultCoding.value(TrialResult.self, from: Data(text.utf8))
        #expect(result.score == .accuracy && result.targetScore == 0.5 && result.sourceValidationScore == 0.75)
        #expect(result.epochs[0].targetScore == 0.5 && result.epochs[0].sourceValidationScore == 0.75)
        #expect(result.candidates?[0].score == 0.25)
        #expect(try ResultCoding.value(TrialOutline.self, from: Data(text.utf8)) == result.outline)
    }

    @Test("Scores that cannot be computed come back with their reasons")
    func undefinedScores() throws {
        let record = EpochRecord(
            epoch: 1, trainingLoss: 1, targetScore: .nan, otherTargetScores: ["correlation": .nan, "mse": 2],
            undefinedTargetScores: ["correlation": "all predictions are equal"])
        let back = try ResultCoding.value(EpochRecord.self, from: Data(ResultCoding.line(record).utf8))
        #expect(back.targetScore?.isNaN == true && back.otherTargetScores["correlation"]?.isNaN == true)
        #expect(back.otherTargetScores["mse"] == 2 && back.undefinedTargetScores == record.undefinedTargetScores)
    }

    @Test("A word in place of a number is an error that quotes it")
    func notANumberAtAll() {
        let data = Data(#"{"epoch":1,"trainingLoss":"low","terms":{}}"#.utf8)
        let error = #expect(throws: DecodingError.self) { try ResultCoding.value(EpochRecord.self, from: data) }
        guard case .dataCorrupted(let context) = error else {
            Issue.record("expected corrupted data, got \(String(describing: error))")
            return
        }
        #expect(context.debugDescription == #"expected a number, "nan", "inf" or "-inf", found "low""#)
    }

    @Test("A number that counts nothing is refused: counts of many trials are added up", arguments: [-1, Int.max])
    func counts(_ number: Int) {
        func refuses<Value: Decodable>(_ type: Value.Type, _ text: String) -> Bool {
            do {
                _ = try ResultCoding.value(type, from: Data(text.utf8))
                return false
            } catch {
                return ResultCoding.reason(of: error).hasSuffix("\(number) is no count")
            }
        }
        #expect(refuses(EpochRecord.self, #"{"epoch":1,"trainingLoss":1,"terms":{},"targetNonFinite":\#(number)}"#))
        #expect(refuses(LoadingRecord.self, #"{"samples":\#(number),"seconds":1,"secondsWaited":0,"leftOut":[]}"#))
        let leftOut = #"{"row":0,"path":"p","reason":"r","times":\#(number)}"#
        #expect(refuses(LoadingRecord.self, #"{"samples":1,"seconds":1,"secondsWaited":0,"leftOut":[\#(leftOut)]}"#))
        #expect(refuses(SampleCounts.self, #"{"domains":["d"],"classes":["a"],"counts":[[\#(number)]],"digest":""}"#))
    }

    @Test("How files were read comes back as it was")
    func loading() throws {
        let record = LoadingRecord(samples: 8, seconds: 2, secondsWaited: 0.5, leftOut: [.init(row: 3, path: "a.jpg", reason: "it is damaged", times: 2)])
        #expect(try ResultCoding.value(LoadingRecord.self, from: ResultCoding.document(record)) == record)
    }

    @Test("A failure is written flat, with term, step and message")
    func failure() throws {
        let status = TrialStatus.failed(term: "mer", step: 132, message: "not finite")
        let line = try ResultCoding.line(status)
        #expect(line == #"{"message":"not finite","state":"failed","step":132,"term":"mer"}"#)
        #expect(try ResultCoding.value(TrialStatus.self, from: Data(line.utf8)) == status)
    }

    @Test("Settings come back from their file, and plan every trial once")
    func settings() throws {
        var settings = SampleStudy.settings(
            dials: ["data.rel"], variants: [["data.rel": "1"], ["data.rel": "0.9"]],
            repetitions: [["data.draw": "0"], ["data.draw": "1"], ["data.draw": "2"]])
        settings.variants[0].regularizers = ["+ MER": ["mer"], "Fusion": []]
        settings.variants[1].targets = ["D1 → D2"]
        settings.variants[1].trainedOn = ["D1 → D2": "D1"]
        settings.expected = ExpectedFigures(
            source: "Table 13", figures: ["+ MER": ["average": 62.82]],
            variants: [ExpectedFigures.Variant(settings: ["data.rel": "1"], figures: ["+ MER": ["average": 60]])])
        settings.notices = ["Something to know."]
        settings.command = "regulus run table13.yaml"
        #expect(try ResultCoding.value(RunSettings.self, from: ResultCoding.document(settings)) == settings)
        #expect(settings.keys.count == 2 * 2 * 2 * 3 + 2 * 1 * 2 * 3)
        #expect(settings.trialCount == settings.keys.count)
        #expect(Set(settings.keys).count == settings.keys.count)
    }

    /// Settings whose variants are replaced in the file.
    private func reading(_ variants: String) throws -> RunSettings {
        let text = try ResultCoding.line(SampleStudy.settings())
        let start = try #require(text.range(of: #""variants":["#))
        let end = try #require(text.range(of: #"],"versions""#))
        return try ResultCoding.value(RunSettings.self, from: Data((text[..<start.upperBound] + variants + text[end.lowerBound...]).utf8))
    }

    private func variant(rows: Int, targets: Int, seeds: Int, repetitions: Int = 1) throws -> String {
        try ResultCoding.line(
            VariantSettings(
                baseline: nil, rows: (0..<rows).map { "r\($0)" }, targets: (0..<targets).map { "t\($0)" }, seeds: Array(0..<seeds),
                repetitions: (0..<repetitions).map { ["d": "\($0)"] }, selection: "", protocolText: ""))
    }

    @Test("Settings that plan more trials than any study has are refused before a single one is made")
    func bounded() throws {
        let many = try variant(rows: 500, targets: 500, seeds: 500, repetitions: 500)
        let error = #expect(throws: DecodingError.self) { try reading(many) }
        #expect(error.map(ResultCoding.reason)?.contains("more than 200000 trials are planned") == true)
        let small = try variant(rows: 2, targets: 3, seeds: 4)
        #expect(try reading(small).trialCount == 24)
    }

    @Test("What is listed twice, in a file or among its variants, is refused")
    func twice() throws {
        let one = try variant(rows: 1, targets: 1, seeds: 1)
        #expect(throws: DecodingError.self) { try reading("\(one),\(one)") }
        #expect(throws: DecodingError.self) { try reading(one.replacing(#"["r0"]"#, with: #"["r0","r0"]"#)) }
        #expect(throws: DecodingError.self) { try reading("") }
    }

    @Test("A score that is no number reaches the file and comes back", arguments: [Double.nan, .infinity, -.infinity])
    func scoreThatIsNoNumber(value: Double) throws {
        var result = SampleStudy.complete[0]
        result.targetScore = value
        let back = try ResultCoding.value(TrialResult.self, from: ResultCoding.document(result))
        #expect(back.targetScore?.bitPattern == value.bitPattern || value.isNaN && back.targetScore?.isNaN == true)
    }
}
