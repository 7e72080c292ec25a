import Configuration
import Foundation
import GoldenFixtures
import MeasurementTesting
import Networks
import Regularization
import Tensors
import Testing

@testable import Analysis

@Suite("Corruption of inputs") struct CorruptionTests {
    /// A series of two channels, a picture and a film of random numbers.
    private static let shapes = [[60, 2], [16, 12, 3], [10, 8, 8, 1]]

    private static func sample(_ shape: [Int]) -> [Float] { Samples.normal(1, shape.reduce(1, *), seed: 3).values }

    private static func stream(_ step: Int = 1) -> RandomStream { RandomSource(seed: 9).stream("corruption", step: step) }

    private static func distance(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }

    @Test("the same draw at a higher severity is further away", arguments: Corruption.allCases, shapes)
    func severities(kind: Corruption, shape: [Int]) {
        guard kind.suits(shape) else { return }
        let sample = Self.sample(shape)
        let distances = Corruption.severities.map {
            Self.distance(kind.applied(to: sample, shape: shape, severity: $0, stream: Self.stream()), sample)
        }
        #expect(distances == distances.sorted(), "\(distances)")
        #expect(distances[4] > 0)
        // A loss of frames may spare all of a short sample at severity 1.
        if kind != .frameLoss { #expect(distances[4] > distances[0]) }
    }

    @Test("a kind that does not suit a shape leaves it alone")
    func unsuited() {
        let pairs: [(Corruption, [Int])] = [(.defocus, [60, 2]), (.drift, [16, 12, 3]), (.gap, [16, 12, 3]), (.wind, [10, 8, 8, 1]), (.blur, [24])]
        for (kind, shape) in pairs {
            #expect(!kind.suits(shape))
            let sample = Self.sample(shape)
            #expect(kind.applied(to: sample, shape: shape, severity: 5, stream: Self.stream()) == sample)
        }
    }

    @Test("compression rounds the frequencies of each block to JPEG's steps")
    func jpeg() {
        // One frequency of a block alone, of amplitude a: at quality 50 its step is 12 for the first one down (table K.1).
        let block = (0..<64).map { 128 + 40 * cos(Float.pi * (Float($0 / 8) + 0.5) / 8) }
        let rounded = block.map { $0.rounded() }
        let low = rounded.min() ?? 0, high = rounded.max() ?? 0
        let found = BlockCompression.jpeg(rounded, 8, 8, 1, quality: 50)
        // The picture is stretched to 0…255 first: amplitude 127.5·40/39.23 or so, times √32 for the orthonormal frequency, then multiples of 12.
        let scale = 255 / (high - low)
        let frequency = zip(rounded, 0...).reduce(Float(0)) { sum, entry in
            sum + (((entry.0 - low) * scale).rounded() - 128) * cos(Float.pi * (Float(entry.1 / 8) + 0.5) / 8) / Float(32).squareRoot()
        }
        let expected = (frequency / 12).rounded() * 12 / Float(32).squareRoot()
        for (place, value) in found.enumerated() {
            let wave = expected * cos(Float.pi * (Float(place / 8) + 0.5) / 8) + 128
            #expect(abs((value - low) * scale - min(max(wave, 0), 255)) < 1.01, "\(place)")
        }
        #expect(BlockCompression.jpeg([3, 3, 3, 3], 2, 2, 1, quality: 7) == [3, 3, 3, 3])
    }

    @Test("what is smooth survives compression of a series, and what is fine is lost first")
    func compressedSeries() {
        let slow = (0..<64).map { sin(Float($0) / 10) }
        let mixed = (0..<64).map { slow[$0] + 0.05 * ($0 % 2 == 0 ? 1 : -1) }
        let found = BlockCompression.series(mixed, channels: 1, step: 0.5)
        #expect(zip(found, slow).allSatisfy { abs($0 - $1) < 0.3 })
        let steps = zip(found, found.dropFirst()).map { $1 - $0 }
        #expect(zip(steps, steps.dropFirst()).filter { $0 * $1 < 0 }.count < 10)
        #expect(BlockCompression.series([1, 2, 3], channels: 1, step: 0) == [1, 2, 3])
    }

    @Test(
        "padding stays as it is, and what it holds changes nothing", arguments: [Corruption.whiteNoise, .wind, .drift, .gap, .frameLoss, .blur, .compression])
    func padding(kind: Corruption) {
        let sample = Self.sample([60, 2])
        var other = sample
        for index in 80..<120 { other[index] = 1e6 }
        let one = kind.applied(to: sample, shape: [60, 2], length: 40, severity: 4, stream: Self.stream())
        let two = kind.applied(to: other, shape: [60, 2], length: 40, severity: 4, stream: Self.stream())
        #expect(one[..<80] == two[..<80])
        #expect(Array(one[80...]) == Array(sample[80...]) && Array(two[80...]) == Array(other[80...]))
        #expect(one[..<80] != sample[..<80])
        // A series as long as what is real suffers the same.
        #expect(Array(one[..<80]) == kind.applied(to: Array(sample[..<80]), shape: [40, 2], severity: 4, stream: Self.stream()))
    }

    @Test(
        "noise, wind and drift are measured by the sample, so that its unit does not matter", arguments: [Corruption.whiteNoise, .wind, .drift, .compression])
    func scale(kind: Corruption) {
        let sample = Self.sample([60, 2])
        let plain = kind.applied(to: sample, shape: [60, 2], severity: 3, stream: Self.stream())
        let scaled = kind.applied(to: sample.map { $0 * 8 }, shape: [60, 2], severity: 3, stream: Self.stream())
        #expect(areClose(plain.map { $0 * 8 }, scaled, within: 1e-4))
    }

    @Test("wind has the power that its decibels say")
    func wind() {
        let sample = Self.sample([400, 1])
        let windy = Corruption.wind.applied(to: sample, shape: [400, 1], severity: 5, stream: Self.stream())
        let power = Self.distance(windy, sample) / sample.reduce(0) { $0 + $1 * $1 }
        #expect(abs(power - 0.158_489) < 1e-4)  // 10^(−8/10)
    }

    @Test("a gap is one stretch of each channel's mean, of the share that the severity says")
    func gap() {
        let sample = Self.sample([60, 2])
        let holed = Corruption.gap.applied(to: sample, shape: [60, 2], severity: 2, stream: Self.stream())
        let changed = (0..<60).filter { holed[2 * $0] != sample[2 * $0] }
        #expect(changed.count == 12 && changed[11] - changed[0] == 11)
        #expect(Set(changed.map { holed[2 * $0] }).count == 1)
    }

    @Test("a lost frame repeats the one before it")
    func frameLoss() {
        let sample = Self.sample([10, 8, 8, 1])
        let lossy = Corruption.frameLoss.applied(to: sample, shape: [10, 8, 8, 1], severity: 5, stream: Self.stream())
        func frame(_ values: [Float], _ index: Int) -> ArraySlice<Float> { values[index * 64..<(index + 1) * 64] }
        let lost = (1..<10).filter { frame(lossy, $0) != frame(sample, $0) }
        #expect(!lost.isEmpty && Array(frame(lossy, 0)) == Array(frame(sample, 0)))
        for index in lost { #expect(Array(frame(lossy, index)) == Array(frame(lossy, index - 1))) }
    }

    @Test("blur and defocus keep a constant picture, and spread a point evenly and without loss", arguments: [Corruption.blur, .defocus])
    func windows(kind: Corruption) {
        let side = 61
        let constant = [Float](repeating: 2, count: side * side)
        let shape = [side, side, 1]
        for value in kind.applied(to: constant, shape: shape, severity: 5, stream: Self.stream()) { #expect(abs(value - 2) < 1e-5) }
        var point = [Float](repeating: 0, count: side * side)
        point[30 * side + 30] = 1
        let spread = kind.applied(to: point, shape: shape, severity: 5, stream: Self.stream())
        #expect(abs(spread.reduce(0, +) - 1) < 1e-4)
        #expect(spread[30 * side + 30] < 0.3)
        for (row, column) in [(28, 30), (30, 32), (29, 31)] {
            #expect(abs(spread[row * side + column] - spread[(60 - row) * side + 60 - column]) < 1e-6)
            #expect(abs(spread[row * side + column] - spread[column * side + row]) < 1e-6)
        }
    }

    @Test("what happens to a sample depends on its row alone, not on the batch")
    func rows() throws {
        let change = InputChange.corrupting(.whiteNoise, severity: 2, of: "audio", seed: 1)
        let values = Samples.normal(2, 6, seed: 4)
        let together = try #require(change.apply(["audio": values, "video": values], [5, 8])["audio"]?.values)
        let apart = try #require(change.apply(["audio": Samples.rows(values, [1])], [8])["audio"]?.values)
        #expect(Array(together[6...]) == apart)
        #expect(change.apply(["audio": values, "video": values], [5, 8])["video"]?.values == values.values)
        let absent = Inputs(["audio": values], presences: ["audio": Presence(samples: [false, true])])
        #expect(try #require(change.apply(absent, [5, 8])["audio"])[0..<1].values == values[0..<1].values)
    }

    @Test("the measurement begins at the clean score, has a curve for each kind that suits, and asks for whole severities")
    func measurement() throws {
        let registry = try MeasurementRegistry.standard()
        let findings = try SampleModel(.ordinary).trained().measure(with: registry.make("input-corruption"))
        let scores = try SampleModel(.ordinary).trained().measure(with: ScoresByClass(options: .init()))
        let clean = findings.numbers.first { $0.condition == "clean" }?.value
        #expect(clean != nil && clean == scores.numbers.first { $0.name == "accuracy" && $0.samples == "target" && $0.modality == nil }?.value)
        // The samples are vectors, which only noise suits.
        #expect(findings.curves.map(\.name) == ["accuracy under white-noise", "accuracy under white-noise"])
        #expect(findings.curves.allSatisfy { $0.x == [0, 1, 3, 5] && $0.y[0] == clean })
        let change = try #require(findings.numbers.first { $0.name == "change" && $0.modality == "video" }?.value)
        let curve = findings.curves[0].y
        #expect(abs(change - ((curve[1] + curve[2] + curve[3]) / 3 - curve[0])) < 1e-12)
        for options: [String: OptionValue] in [
            ["severities": .list([.number(1.5)])], ["severities": .list([.number(3), .number(1)])], ["kinds": .list([.string("winde")])],
        ] {
            #expect(throws: OptionFault.self) { try registry.make("input-corruption", options: options) }
        }
    }
}

extension CorruptionTests {
    @Test("what is missing is no vector of zeros: a representation is measured on the samples that have it")
    func missing() throws {
        let model = SampleModel(.missing).trained()
        let outputs = try model.outputs(on: .target)
        let rows = outputs.places(of: ["video"])
        #expect(rows.count < outputs.count && outputs.places(of: ["audio"]).count == outputs.count)
        let video = try #require(outputs.embeddings.first { $0.modality == "video" }).values
        let expected = try Spectrum(of: Samples.rows(video, rows)).rank
        let found = try model.measure(with: Representation(options: .init()))
        let rank = try #require(found.numbers.first { $0.name == "rankme" && $0.modality == "video" && $0.samples == "target" }?.value)
        #expect(abs(rank - expected) < 1e-9)
        #expect(found.notes.contains("target: \(rows.count) of them have video"))
    }

    @Test("a map shows every sample once, in its domain and class, and says how much it shows")
    func map() throws {
        let model = SampleModel(.ordinary).trained()
        let findings = try model.measure(with: EmbeddingMap(options: .init()))
        #expect(findings.maps.map(\.modality) == ["video", "audio", "fused"])
        for map in findings.maps {
            #expect(map.x.count == 66 + 75 && map.groupings.map(\.name) == ["domain", "class"])
            #expect(map.groupings.allSatisfy { $0.members.count == map.x.count && $0.members.allSatisfy($0.names.indices.contains) })
            // Components are centered and uncorrelated, the first one the longer.
            let (xx, yy, xy) = zip(map.x, map.y).reduce((0.0, 0.0, 0.0)) { ($0.0 + $1.0 * $1.0, $0.1 + $1.1 * $1.1, $0.2 + $1.0 * $1.1) }
            #expect(abs(map.x.reduce(0, +)) < 1e-6 && xx >= yy && abs(xy) < 1e-6 * xx)
            #expect(map.x.max { abs($0) < abs($1) } ?? 0 > 0)
            let explained = try #require(findings.numbers.first { $0.modality == map.modality }?.value)
            #expect(explained > 0 && explained <= 1)
        }
    }
}
