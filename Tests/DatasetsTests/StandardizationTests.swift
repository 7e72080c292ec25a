import Foundation
import Tensors
import Testing

@testable import Datasets

@Suite("Standardization")
struct StandardizationTests {
    /// Channel 0 has mean 10 and deviation 2, channel 1 is constant, in domains 0 and 1; domain 2 is far away.
    private let dataset = SampleDataset(
        labels: Array(repeating: 0, count: 12), domains: (0..<12).map { $0 / 4 }, sampleShape: [1, 2],
        values: (0..<12).flatMap { [$0 >= 8 ? 1e6 : $0 % 2 == 0 ? 8 : 12, 0.1] as [Float] })

    private func rows() throws -> SourceIndices {
        try SourceSplit(of: dataset, holdingOut: [2], validation: .fraction(0.25), random: RandomSource(seed: 0)).training
    }

    @Test("Channels are measured on training rows of the sources only")
    func channels() throws {
        let rows = try rows()
        let standardization = try Standardization(.channel, of: dataset, rows: rows)
        let scale = try #require(standardization.scales["x"])
        let values = rows.rows.map { dataset.array.values[2 * $0] }
        let mean = values.reduce(0, +) / Float(values.count)
        let deviation = (values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Float(values.count)).squareRoot()
        #expect(abs(scale.means[0] - mean) < 1e-5)
        #expect(abs(scale.deviations[0] - deviation) < 1e-5)
        #expect(abs(scale.means[1] - 0.1) < 1e-7)
        #expect(scale.deviations[1] == 1)
    }

    @Test("Training rows come out with mean 0 and deviation 1 in every channel that varies")
    func effect() throws {
        let rows = try rows()
        let standardization = try Standardization(.channel, of: dataset, rows: rows)
        let output = try #require(try standardization.inputs(rows.rows, of: dataset)["x"])
        #expect(output.shape == [rows.count, 1, 2])
        let first = stride(from: 0, to: output.elementCount, by: 2).map { output.values[$0] }
        #expect(abs(first.reduce(0, +)) < 1e-4)
        #expect(abs(first.map { $0 * $0 }.reduce(0, +) / Float(first.count) - 1) < 1e-4)
    }

    @Test("One scale keeps the ratio of channels")
    func oneScale() throws {
        let standardization = try Standardization(.scale, of: dataset, rows: rows())
        let scale = try #require(standardization.scales["x"])
        #expect(scale.means.count == 1)
        let input = try dataset.inputs([0, 1], modality: "x").values
        let output = standardization(try dataset.inputs([0, 1], modality: "x"), modality: "x").values
        #expect(abs((output[0] - output[1]) * scale.deviations[0] - (input[0] - input[1])) < 1e-4)
        #expect(abs((output[0] - output[2]) * scale.deviations[0] - (input[0] - input[2])) < 1e-4)
    }

    @Test("None changes nothing")
    func none() throws {
        let standardization = try Standardization(.none, of: dataset, rows: rows())
        #expect(standardization == .none)
        let input = try dataset.inputs([3, 9], modality: "x")
        #expect(standardization(input, modality: "x").values == input.values)
    }

    @Test("It survives being written and read")
    func coding() throws {
        let standardization = try Standardization(.channel, of: dataset, rows: rows())
        let data = try JSONEncoder().encode(standardization)
        #expect(try JSONDecoder().decode(Standardization.self, from: data) == standardization)
    }
}
