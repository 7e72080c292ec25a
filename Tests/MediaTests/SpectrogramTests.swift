import Foundation
import GoldenFixtures
import Tensors
import Testing

@testable import Media

@Suite("Spectrograms")
struct SpectrogramTests {
    @Test("A chirp has SciPy's density, logarithm and standardization, to 1e-5", arguments: GoldenFixtures.all(kind: "spectrogram"))
    func golden(_ fixture: GoldenFixture) throws {
        let samples = try fixture.tensor("x").values
        let spectrogram = Spectrogram(rate: try fixture.params.integer("fs"))
        let window = try fixture.tensor("window").values
        let windowError = zip(spectrogram.window, window).map { abs($0 - Double($1)) }.max()
        #expect(try #require(windowError) < 1e-7)

        let (density, times) = spectrogram.density(samples)
        let expected = try fixture.tensor("psd").values
        #expect(density.count == expected.count && times == 148)
        let densityError = zip(density, expected).map { abs($0 - Double($1)) / max(abs(Double($1)), 1e-9) }.max()
        #expect(try #require(densityError) < 1e-4)

        let result = spectrogram.standardized(samples)
        let error = zip(result.values, try fixture.tensor("spectrogram").values).map { abs($0 - $1) }.max()
        print("spectrogram: largest error against the golden values \(error ?? .nan)")
        #expect(try #require(error) < 1e-5)
        #expect(abs(result.mean - Double(try fixture.tensor("log_mean").values[0])) < 1e-5)
        #expect(abs(result.deviation - Double(try fixture.tensor("log_std").values[0])) < 1e-5)
    }

    @Test("The transform agrees with the sum that defines it")
    func transform() {
        for count in [4, 8, 64, 512] {
            var stream = RandomSource(seed: 3).stream("signal", step: count)
            let signal = (0..<count).map { _ in Double(stream.normal()) }
            var work = [SIMD2<Double>](repeating: .zero, count: count / 2)
            var power = [Double](repeating: 0, count: count / 2 + 1)
            RealFourierTransform(count: count).power(of: signal, work: &work, into: &power)
            for frequency in stride(from: 0, through: count / 2, by: max(1, count / 16)) {
                var (re, im) = (0.0, 0.0)
                for (place, value) in signal.enumerated() {
                    let angle = -2 * Double.pi * Double(frequency * place) / Double(count)
                    re += value * cos(angle)
                    im += value * sin(angle)
                }
                #expect(abs(power[frequency] - (re * re + im * im)) < 1e-9 * Double(count * count))
            }
        }
    }

    @Test("Ten seconds become 257 × 1004; shorter sound repeats, longer is cut, all within −1…1")
    func clip() {
        #expect(Spectrogram.frequencies == 257 && Spectrogram.times == 1004 && Spectrogram.clipSamples == 160_000)
        let clip = Spectrogram.clip([0.5, -2, 3])
        #expect(clip.count == 160_000)
        #expect(Array(clip.prefix(7)) == [0.5, -1, 1, 0.5, -1, 1, 0.5])
        #expect(clip.last == 0.5)
        let long = (0..<200_000).map { Float($0) / 1_000_000 }
        #expect(Spectrogram.clip(long) == Array(long.prefix(160_000)))
    }

    @Test("Silence and nothing at all become zeros")
    func silence() {
        for samples in [[], [Float](repeating: 0, count: 4000)] {
            let values = Spectrogram().standardized(Spectrogram.clip(samples)).values
            #expect(values.count == 257 * 1004)
            #expect(values.allSatisfy { $0 == 0 })
        }
    }

    @Test("Training adds noise up to 0.05 and sets nine neighboring rows of the first 256 to zero")
    func augmentation() throws {
        var firsts: Set<Int> = []
        for step in 0..<300 {
            var values = [Float](repeating: 1, count: 257 * 8)
            var stream = RandomSource(seed: 5).stream("sound", step: step)
            SpectrogramAugmentation().apply(to: &values, times: 8, from: &stream)
            let masked = (0..<257).filter { row in values[row * 8..<row * 8 + 8].allSatisfy { $0 == 0 } }
            #expect(masked.count == 9)
            let first = try #require(masked.first)
            #expect(masked == Array(first..<first + 9))
            firsts.insert(first)
            #expect(values.allSatisfy { $0 == 0 || abs($0 - 1) <= 0.05 })
            #expect(Set(values).count > 1000)
        }
        #expect(firsts.max() ?? 999 <= 246)
        #expect(firsts.count > 100)
    }
}
