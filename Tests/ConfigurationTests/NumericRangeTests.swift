import Testing

@testable import Configuration

@Suite("Ranges")
struct NumericRangeTests {
    @Test(
        "say in words what they contain",
        arguments: [
            (NumericRange(0.0...1.0), " from 0 to 1"), (NumericRange(0.5..<1.0), " from 0.5 to below 1"),
            (NumericRange(1...), " from 1 up"), (NumericRange(...3), " up to 3"), (NumericRange(), ""),
            (NumericRange(upper: 3, includesUpper: false), " below 3"),
            (NumericRange((-Double.infinity)...Double.infinity), ""),
        ])
    func words(range: NumericRange, words: String) {
        #expect(range.suffix == words)
    }

    @Test("contain their bounds as written, and never NaN")
    func bounds() {
        #expect(NumericRange(0.0...1.0).contains(1))
        #expect(!NumericRange(0.0..<1.0).contains(1))
        #expect(NumericRange(0...).contains(0))
        #expect(!NumericRange(0...).contains(-1e-300))
        #expect(!NumericRange().contains(.nan))
    }
}
