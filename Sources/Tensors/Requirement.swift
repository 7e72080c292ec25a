/// Stops the program where a caller inside it broke a rule, such as shapes that do not fit.
///
/// `precondition` drops its message from optimized builds, which are the only ones fast enough for real
/// work. Input from outside never ends here: it is checked before and answered with a thrown error.
///
/// - Parameters:
///   - condition: what has to hold; evaluated in every build.
///   - message: what was expected and what was found; evaluated only where the condition fails.
///
/// ```swift
/// require(x.rank == 2, "covariance: the embeddings must be N×D, found \(x.shape)")
/// ```
@inline(__always)
public func require(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
    if !condition() { stop(message(), file: file, line: line) }
}

/// Stops the program with a message; see ``require(_:_:file:line:)``.
public func stop(_ message: String, file: StaticString = #fileID, line: UInt = #line) -> Never {
    fatalError(message, file: file, line: line)
}
