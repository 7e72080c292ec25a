/// What is wrong with a pickled frame: which file, where in it, and why.
package struct DataFrameFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as the caller named it.
    package let file: String
    /// The byte at which the fault shows, or nil.
    package let offset: Int?
    package let reason: String

    package var description: String {
        [file, offset.map { "byte \($0)" }, reason].compactMap { $0 }.joined(separator: ": ")
    }
}
