/// What the models of a table's column have not been trained on, and are scored on.
package enum HeldOut: String, Hashable, Codable, Sendable {
    /// Another domain than those that are trained on.
    case domain
    /// A fold of the samples, whatever their domains.
    case fold
    /// Samples of the domain that is trained on.
    case part
    /// The test samples of a division of all samples, which are the only column.
    case test
}
