/// What a regularizer is documented not to keep of the contract.
///
/// An exception stands in the report as “declared”; it loosens the one check that it names and no other.
public struct ContractExceptions: OptionSet, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Its gradient is on purpose not the derivative of its value, as with stop-gradients and gradient reversal. The gradient is then
    /// checked to be finite, not 0 everywhere, and the same each time.
    public static let stopGradients = ContractExceptions(rawValue: 1 << 0)

    /// It draws random numbers for each sample, so that reordering the batch gives each sample another draw.
    public static let randomDraws = ContractExceptions(rawValue: 1 << 1)

    /// It is not finite where all embeddings are 0.
    public static let undefinedAtZero = ContractExceptions(rawValue: 1 << 2)

    /// Its penalty stays finite where an input that it reads is NaN.
    public static let hidesNaN = ContractExceptions(rawValue: 1 << 3)
}
