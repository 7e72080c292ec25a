import Configuration

/// What is to be measured of every trained model: an item of `measure:`.
///
/// | Key | Meaning |
/// |---|---|
/// | `use` | the measurement's registered name, where the item is not written `name: {…}` |
/// | `name` | the instance's name, unique in its list |
package struct MeasurementChoice: Sendable, Hashable {
    /// `name:`; the measurement's own unless said otherwise.
    package let name: String
    /// The measurement and its options.
    package let choice: ComponentChoice

    /// The keys that belong to every measurement and so are no option of any.
    static let reservedKeys = ["use", "name"]
}
