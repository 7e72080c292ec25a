import Configuration
import Testing

@testable import Recipes

@Suite("measure")
struct MeasurementTests {
    private static func row(_ common: String, own: String = "") throws(RecipeError) -> Row {
        var text = Sample.recipe("seeds: [1, 2]", "seeds: [1, 2]\nmeasure: \(common)")
        text = text.replacing("      - mer: {weight: 3, on: [gyroscope]}\n", with: "      - mer: {weight: 3, on: [gyroscope]}\n\(own)")
        return try Sample.study(text).variants[0].recipe.rows[1]
    }

    @Test("is a list of measurements for all rows, each row with its own behind them")
    func lists() throws {
        let row = try Self.row("[rank, rank: {samples: 50, name: small}]", own: "    measure: [{use: rank, name: own}]\n")
        #expect(row.measurements.map(\.name) == ["rank", "small", "own"])
        #expect(row.measurements.map(\.choice.component) == ["rank", "rank", "rank"])
        #expect(row.measurements[1].choice.options == ["samples": .integer(50)])
    }

    @Test("an item may say which modalities it is about, and name another data set with its options")
    func beside() throws {
        let row = try Self.row("[rank: {on: gyroscope, data: {use: tensors, file: other.npz}}, {use: rank, name: all, data: watch}]")
        #expect(row.measurements.map(\.modalities) == [["gyroscope"], nil])
        #expect(row.measurements.map { $0.data?.component } == ["tensors", "watch"])
        // Relative to the folder of the recipe, as everywhere.
        #expect(row.measurements[0].data?.options["file"]?.description.hasSuffix("/other.npz") == true)
        #expect(row.measurements[0].choice.options.isEmpty)
    }

    @Test("left out it measures nothing, and an empty list says the same")
    func none() throws {
        #expect(try Sample.study().variants[0].recipe.rows.allSatisfy { $0.measurements.isEmpty })
        #expect(try Self.row("[]").measurements.isEmpty)
    }

    @Test(
        "what does not fit is said at its place",
        arguments: [
            ("[rnak]", "r.yaml:13:11: error: unknown measurement 'rnak'", "did you mean 'rank'?"),
            ("[rank: {sample: 5}]", "unknown key 'sample' in measurement rank", "did you mean 'samples'?"),
            ("[rank: {samples: 0}]", "r.yaml:13:27: error: samples cannot be '0'", "expected a whole number"),
            ("[rank: {data: wach}]", "r.yaml:13:24: error: unknown data set 'wach'", "did you mean 'watch'?"),
            ("[rank: {data: {use: tensors, fiel: a}}]", "unknown key 'fiel' in data set tensors", "did you mean 'file'?"),
            ("[rank, rank]", "two measurements of row 'Fusion' are named 'rank'", "name: rank-2"),
            ("rank", "measure cannot be 'rank'", "a list, such as"),
            ("[[rank]]", "a measurement cannot be '[rank]'", "name, name: {option: value} or use: name"),
        ])
    func faults(value: String, message: String, hint: String) {
        let found = Sample.messages(Sample.recipe("seeds: [1, 2]", "seeds: [1, 2]\nmeasure: \(value)"))
        #expect(found.contains(message), "\(found)")
        #expect(found.contains(hint), "\(found)")
    }
}
