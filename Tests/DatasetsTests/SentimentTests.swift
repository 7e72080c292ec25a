import Configuration
import Foundation
import GoldenFixtures
import Tensors
import TestSupport
import Testing

@testable import Datasets

/// The fixtures were written by Python's pickle; `make.py` beside them says how.
@Suite("Sentiment, from pickles as Python writes them")
struct SentimentTests {
    private func dataset(_ root: String = Fixtures.path("sentiment"), _ change: (inout Sentiment.Options) -> Void = { _ in }) throws -> Sentiment {
        var options = Sentiment.Options()
        options.root = root
        change(&options)
        return try Sentiment(options: options)
    }

    private func fault(_ root: String = Fixtures.path("sentiment"), _ change: (inout Sentiment.Options) -> Void = { _ in }) throws -> DatasetFault {
        try #require(throws: DatasetFault.self) { try dataset(root, change) }
    }

    @Test("each file is a domain, in sequences as long as the longest file's, with its own split")
    func facts() throws {
        let data = try dataset()
        #expect(data.facts.domains == ["mosei", "mosi", "sims"])
        #expect(data.facts.modalities.map(\.name) == ["text", "audio", "vision"])
        #expect(data.facts.modalities.map(\.sampleShape) == [[6, 6], [8, 4], [9, 3]])
        #expect(data.facts.modalities.allSatisfy { $0.isPadded })
        #expect(data.facts.targets == TargetFacts(.values, names: ["sentiment"]))
        #expect(data.facts.samplesPerDomain == [40, 40, 40])
        let parts = try #require(data.split)
        let expected = [SplitName](repeating: .train, count: 24) + [SplitName](repeating: .validation, count: 8) + [SplitName](repeating: .test, count: 8)
        #expect(Array(parts[..<40]) == expected)
        let values = try #require(data.targetValues)
        #expect(values.allSatisfy { abs($0) <= 3 && abs($0 - $0.rounded()) < 1e-5 })
        #expect(try dataset { $0.simsScale = 1 }.targetValues?.suffix(40).map { $0 * 3 } == values.suffix(40).map { $0 })
        #expect(data.remarks.isEmpty)
    }

    @Test("its sign can be learned in its place, as three classes")
    func classes() throws {
        let (values, signs) = (try dataset(), try dataset { $0.targets = .classes })
        #expect(signs.facts.targets == TargetFacts(.classes, names: ["negative", "neutral", "positive"]) && signs.targetValues == nil)
        #expect(signs.labels == values.targetValues?.map { $0 < 0 ? 0 : $0 == 0 ? 1 : 2 })
        #expect(Set(signs.labels) == [0, 1, 2])
    }

    @Test("a label follows from the words that stand beside it, in every file")
    func rows() throws {
        let data = try dataset()
        let text = try data.inputs(Array(0..<120), modality: "text").values
        for row in 0..<120 {
            let sum = text[row * 36] + text[row * 36 + 6]
            #expect(abs((3 * tanh(sum)).rounded() - (data.targetValues?[row] ?? .nan)) < 1e-4, "row \(row)")
        }
    }

    @Test("real steps are those before the zeros at the end, and the same as the file says them")
    func lengths() throws {
        let all = Array(0..<120)
        let (padding, file) = (try dataset(), try dataset { $0.lengths = .file })
        for modality in Sentiment.modalityNames {
            #expect(try padding.presence(all, modality: modality) == file.presence(all, modality: modality))
            #expect(try padding.inputs(all, modality: modality).values == file.inputs(all, modality: modality).values)
        }
        let whole = try dataset { $0.lengths = .whole }
        #expect(try whole.presence([0, 40, 80], modality: "text").lengths == [6, 5, 4])
        #expect(try whole.presence([0, 40, 80], modality: "vision").lengths == [9, 6, 5])
        #expect(try !dataset { ($0.lengths, $0.sets) = (.whole, ["mosi"]) }.facts.modalities[0].isPadded)
    }

    @Test("training, validation and reported rows are the files' own parts")
    func split() throws {
        let split = try SourceSplit(of: dataset(), holdingOut: [2], validation: .fraction(0.5), random: RandomSource(seed: 1))
        #expect(split.training.count == 48 && split.validation.count == 16)
        #expect(split.target.rows == Array(112..<120))
    }

    @Test("not-finite: zero takes what is not finite in the file for 0, and refuses a number that only single precision has no room for")
    func beyondSinglePrecision() throws {
        // The first word's first feature in the first row of CH-SIMS, whose arrays are of 64 bits.
        let known = withUnsafeBytes(of: 0.18905338179353307) { Data($0) }
        func changed(to value: Double) throws -> TemporaryFolder {
            let folder = try TemporaryFolder()
            var data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("sentiment/sims.pkl")))
            let place = try #require(data.range(of: known))
            data.replaceSubrange(place, with: withUnsafeBytes(of: value) { Data($0) })
            try data.write(to: URL(fileURLWithPath: folder("sims.pkl")))
            return folder
        }
        let infinite = try changed(to: -.infinity)
        let replaced = try dataset(infinite.path) { ($0.sets, $0.notFinite) = (["sims"], .zero) }
        #expect(try replaced.inputs([0], modality: "text").values[0] == 0)
        let wide = try changed(to: 1e300)
        let found = try fault(wide.path) { ($0.sets, $0.notFinite) = (["sims"], .zero) }
        #expect(found.message.contains("row 0 of 'text' cannot be read") && found.message.contains("1e+300 at [0, 0], which is beyond"), "\(found.message)")
    }

    @Test("files that are missing, of MMSA, or of other widths are named")
    func faults() throws {
        #expect(try fault { $0.sets = ["mosi", "mozi"] }.suggestion == "mosi.pkl")
        #expect(try fault { $0.sets = ["mosi", "mosi"] }.option == "sets")
        #expect(try fault("/no/such/folder").message == "option root: there is no folder /no/such/folder")
        let folder = try TemporaryFolder()
        try Data().write(to: URL(fileURLWithPath: folder("unaligned_50.pkl")))
        #expect(try fault(folder.path).message.hasSuffix("there is no mosei.pkl, but unaligned_50.pkl: one of MMSA's standard files"))
        let other = Fixtures.path("arrays/numpy-2-protocol-4.pkl")
        try FileManager.default.copyItem(atPath: other, toPath: folder("mosei.pkl"))
        #expect(try fault(folder.path).message.hasSuffix("mosei.pkl has no array 'train.text'"))
    }
}
