import Tensors

/// Why a quantity has no value for the data at hand: too few samples, one class, a constant column, a
/// value that is not finite.
///
/// Whatever is printed in place of the number is this reason, so that nobody takes a 0 or a 1 for
/// something that was measured.
public struct Undefined: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reason, to be read after "cannot be computed because".
    public let reason: String

    /// A number that has no value, and why.
    public init(_ reason: String) { self.reason = reason }

    public var description: String { "cannot be computed because \(reason)" }
}

/// A number, or why there is none.
public typealias Quantity = Result<Double, Undefined>

extension Result where Success == Double, Failure == Undefined {
    /// The number, where there is one.
    public var number: Double? { try? get() }

    /// Runs `body` and keeps its number or its reason. A number that is not finite counts as undefined.
    public static func of(_ body: () throws(Undefined) -> Double) -> Quantity {
        do throws(Undefined) {
            let value = try body()
            return value.isFinite ? .success(value) : .failure(Undefined("the result is not a finite number"))
        } catch {
            return .failure(error)
        }
    }
}

extension Result where Failure == Undefined {
    /// Runs `body` and keeps what it gives or why it gives nothing; another error counts as a reason
    /// too.
    public static func attempt(_ body: () throws -> Success) -> Result<Success, Undefined> {
        do {
            return .success(try body())
        } catch let undefined as Undefined {
            return .failure(undefined)
        } catch {
            return .failure(Undefined("\(error)"))
        }
    }
}

/// A mean over the numbers that there are.
///
/// - Throws: the reason `empty` where there is none.
func mean(_ values: [Double], orBecause empty: String) throws(Undefined) -> Double {
    guard !values.isEmpty else { throw Undefined(empty) }
    return values.reduce(0, +) / Double(values.count)
}
