/// Whether two lists have as many numbers, at least one, of which no two at one place differ by as much as a tolerance.
///
/// A `zip` ends with the shorter list, and so agrees with an empty one.
package func areClose<Number: BinaryFloatingPoint>(_ one: [Number], _ other: [Number], within tolerance: Number) -> Bool {
    !one.isEmpty && one.count == other.count && zip(one, other).allSatisfy { abs($0 - $1) < tolerance }
}
