import Foundation
import Persistence
import Tensors
import Testing

@testable import Datasets

@Suite("The bundled digits")
struct DigitsTests {
    @Test("3000 pairs in three domains; the held-back takes are a fifth of every speaker and digit")
    func rows() throws {
        let data = try Digits(options: Digits.Options())
        #expect(data.count == 3000)
        #expect(data.facts.samplesPerDomain == [1000, 1000, 1000])
        #expect(data.facts.modalities.map(\.sampleShape) == [[48, 32], [28, 28]])
        #expect((0..<10).allSatisfy { digit in data.labels.count { $0 == digit } == 300 })
        let heldBack = data.split?.map { $0 == .heldBack }
        #expect(heldBack == data.takes.map { $0 < 10 })
        let split = try SourceSplit(of: data, holdingOut: [2], validation: .fraction(0.2), random: RandomSource(seed: 1))
        #expect(split.training.count == 1600 && split.validation.count == 400 && split.target.count == 200)
    }

    @Test("Sound is decibels below the maximum, pictures go from 0 to 1, and both shapes hold the same values")
    func values() throws {
        var options = Digits.Options()
        let series = try Digits(options: options)
        options.shape = .pictures
        let pictures = try Digits(options: options)
        #expect(pictures.facts.modalities.map(\.sampleShape) == [[32, 48, 1], [28, 28, 1]])
        let sound = try series.inputs([7], modality: "audio")
        let image = try series.inputs([7], modality: "image")
        #expect(sound.values.allSatisfy { (-80...0).contains($0) } && sound.values.max() == 0)
        #expect(image.values.allSatisfy { (0...1).contains($0) } && image.values.max() ?? 0 > 0.9)
        #expect(try pictures.inputs([7], modality: "image").values == image.values)
        #expect(try pictures.inputs([7], modality: "audio").values.sorted() == sound.values.sorted())
        // Band 3 at step 5.
        #expect(try pictures.inputs([7], modality: "audio").values[3 * 48 + 5] == sound.values[5 * 32 + 3])
    }

    @Test("The halves of sound and picture can be modalities of their own", arguments: Digits.Shape.allCases)
    func halves(shape: Digits.Shape) throws {
        var options = Digits.Options()
        options.shape = shape
        let whole = try Digits(options: options)
        options.modalities = .halves
        let halves = try Digits(options: options)
        #expect(halves.facts.modalities.map(\.name) == ["audio-low", "audio-high", "image-top", "image-bottom"])
        let bands = shape == .series ? 2 : 1
        let sound = try ["audio-low", "audio-high"].map { try halves.inputs([7, 2999], modality: $0) }
        #expect(Tensor.concatenated(sound, axis: bands).values == (try whole.inputs([7, 2999], modality: "audio").values))
        let picture = try ["image-top", "image-bottom"].map { try halves.inputs([7, 2999], modality: $0) }
        #expect(Tensor.concatenated(picture, axis: 1).values == (try whole.inputs([7, 2999], modality: "image").values))
        // Speech has more of its energy in the lower bands.
        #expect(sound[0].values.reduce(0, +) > sound[1].values.reduce(0, +))
    }

    @Test("Each speaker can be a domain")
    func speakers() throws {
        var options = Digits.Options()
        options.domains = .speakers
        let data = try Digits(options: options)
        #expect(data.facts.samplesPerDomain == Array(repeating: 500, count: 6))
        #expect(data.domains == data.speakers)
    }

    @Test("Notices, citations and the digest stand beside the file")
    func notices() throws {
        let folder = try #require(Digits.file.folders.first(where: Folder.exists))
        let text = try FileContents.text(folder + "/LICENSES") + FileContents.text(folder + "/CITATION")
        for name in ["Free Spoken Digit Dataset", "MNIST", "Semeion", "Alpaydin", "CC BY-SA 4.0", "ShareAlike 3.0"] {
            #expect(text.contains(name))
        }
        #expect(try FileContents.text(folder + "/SHA256SUMS") == "\(Digits.file.digest)  digits.npz\n")
    }
}
