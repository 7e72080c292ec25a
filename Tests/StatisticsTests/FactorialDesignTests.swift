import Testing

@testable import Statistics

@Suite("Factorial designs")
struct FactorialTests {
    @Test("Rows that are all subsets of two regularizers are a design, in the order of the full row")
    func crossed() throws {
        let design = try #require(
            FactorialDesign(rows: [("none", []), ("b", ["b"]), ("a", ["a"]), ("both", ["a", "b"])]))
        #expect(design.factors == ["a", "b"])
        #expect(design.rows == ["none", "a", "b", "both"])
    }

    @Test("What all rows share is no factor, and rows beside the design are passed over")
    func beside() throws {
        let design = try #require(
            FactorialDesign(rows: [
                ("none", ["x"]), ("other", ["x", "c"]), ("a", ["a", "x"]), ("b", ["b", "x"]), ("both", ["x", "a", "b"]),
                ("both again", ["b", "x", "a"]),
            ]))
        #expect(design.factors == ["a", "b"])
        #expect(design.rows == ["none", "a", "b", "both"])
    }

    @Test("The largest design is taken")
    func largest() throws {
        let names = ["a", "b", "c"]
        let rows = (0..<8).map { set in
            let factors = names.indices.filter { set >> $0 & 1 == 1 }.map { names[$0] }
            return (name: "row \(set)", factors: factors)
        }
        let design = try #require(FactorialDesign(rows: rows))
        #expect(design.factors == names)
        #expect(design.rows == rows.map(\.name))
        #expect(FactorialDesign(rows: Array(rows.dropLast()))?.factors == ["a", "b"])
    }

    @Test("A ladder of rows, or a single regularizer, is no design")
    func noDesign() {
        #expect(FactorialDesign(rows: [("none", []), ("a", ["a"]), ("both", ["a", "b"])]) == nil)
        #expect(FactorialDesign(rows: [("none", []), ("a", ["a"])]) == nil)
        #expect(FactorialDesign(rows: []) == nil)
    }

    @Test("Effects and Shapley values are those computed by hand")
    func byHand() throws {
        let design = try #require(FactorialDesign(rows: [("none", []), ("a", ["a"]), ("b", ["b"]), ("both", ["a", "b"])]))
        // a adds 2 alone and 8 beside b; b adds 3 alone and 9 beside a.
        let values: [Double] = [50, 52, 53, 61]
        #expect(design.effect(of: 0b01, in: values) == 5)
        #expect(design.effect(of: 0b10, in: values) == 6)
        #expect(design.effect(of: 0b11, in: values) == 3)
        #expect(design.shapleyValue(of: 0, in: values) == 5)
        #expect(design.shapleyValue(of: 1, in: values) == 6)
    }

    @Test("Shapley values of three add up to the difference between all and none, and treat equals equally")
    func shapley() throws {
        let names = ["a", "b", "c"]
        let rows = (0..<8).map { set in (name: "\(set)", factors: names.indices.filter { set >> $0 & 1 == 1 }.map { names[$0] }) }
        let design = try #require(FactorialDesign(rows: rows))
        // Worth 6 when both a and b are on, and c adds 1 wherever it is.
        let values = (0..<8).map { Double(($0 & 0b011 == 0b011 ? 6 : 0) + ($0 >> 2)) }
        let shapley = (0..<3).map { design.shapleyValue(of: $0, in: values) }
        #expect(abs(shapley[0] - 3) < 1e-12 && abs(shapley[1] - 3) < 1e-12 && abs(shapley[2] - 1) < 1e-12)
        #expect(design.sets == [0b001, 0b010, 0b100, 0b011, 0b101, 0b110, 0b111])
        #expect(design.effect(of: 0b111, in: values) == 0)
    }
}
