/// Where a component comes from.
package enum ComponentOrigin: Sendable, Hashable, CustomStringConvertible {
    /// It comes with Regulus.
    case builtIn
    /// The program around Regulus registered it.
    case program
    /// A shared library did, which was loaded at run time.
    case library(path: String)

    package var description: String {
        switch self {
        case .builtIn: "built-in"
        case .program: "this program"
        case .library(let path): path
        }
    }
}

/// The kinds of components that recipes can name, in the order in which they are listed.
package enum ComponentKind: String, CaseIterable, Sendable {
    case regularizers, encoders, fusions, models, datasets, optimizers, measurements

    /// One of them, in a sentence.
    package var noun: String { self == .datasets ? "data set" : String(rawValue.dropLast()) }
}
