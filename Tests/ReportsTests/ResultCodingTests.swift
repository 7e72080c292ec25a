import Foundation
import Results
import Testing

@Suite("Results in files")
struct ResultCodingTests {
    @Test("A result comes back from its file as it was, to the last bit")
    func roundTrip() throws {
        var result = Fixtures.complete[5]
        result.targetAccuracy = 1.0 / 3
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

    @Test("A failure is written flat, with term, step and message")
    func failure() throws {
        let status = TrialStatus.failed(term: "mer", step: 132, message: "not finite")
        let line = try ResultCoding.line(status)
        #expect(line == #"{"message":"not finite","state":"failed","step":132,"term":"mer"}"#)
        #expect(try ResultCoding.value(TrialStatus.self, from: Data(line.utf8)) == status)
    }

    @Test("Settings come back from their file, and plan every trial once")
    func settings() throws {
        var settings = Fixtures.settings(
            dials: ["data.rel"], variants: [["data.rel": "1"], ["data.rel": "0.9"]],
            repetitions: [["data.draw": "0"], ["data.draw": "1"], ["data.draw": "2"]])
        settings.regularizers = ["+ MER": ["mer"], "Fusion": []]
        settings.expected = ExpectedFigures(
            source: "Table 13", figures: ["+ MER": ["average": 62.82]],
            variants: [ExpectedFigures.Variant(settings: ["data.rel": "1"], figures: ["+ MER": ["average": 60]])])
        settings.notices = ["Something to know."]
        settings.command = "regulus run table13.yaml"
        #expect(try ResultCoding.value(RunSettings.self, from: ResultCoding.document(settings)) == settings)
        #expect(settings.keys.count == 2 * 2 * 2 * 2 * 3)
        #expect(Set(settings.keys).count == settings.keys.count)
    }

    @Test("Expected figures written before variants had their own are those of all variants")
    func olderFigures() throws {
        let figures = try ResultCoding.value(
            ExpectedFigures.self, from: Data(#"{"figures": {"Fusion": {"D1": 50}}, "source": "Table 3"}"#.utf8))
        #expect(figures.figures(of: ["data.rel": "1"]) == ["Fusion": ["D1": 50]] && figures.variants.isEmpty)
    }

    @Test("Settings written before rows' regularizers were recorded can still be read")
    func olderSettings() throws {
        var object = try #require(
            try JSONSerialization.jsonObject(with: ResultCoding.document(Fixtures.settings())) as? [String: Any])
        for key in ["regularizers", "notices"] { #expect(object.removeValue(forKey: key) != nil) }
        let data = try JSONSerialization.data(withJSONObject: object)
        #expect(try ResultCoding.value(RunSettings.self, from: data) == Fixtures.settings())
    }
}
