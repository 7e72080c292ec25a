/// The checks of the contract, in the order in which they are run and reported.
public enum ContractCheck: String, CaseIterable, Sendable {
    case description, options, finiteness, determinism, gradient, permutation, presence, targets, tasks, zeroWeight, degenerateInputs, nan
    case checkpoint
    case evaluation, gradientTransform, evaluatedWeights

    /// What the check is about, in a few words, as a row of the report's table.
    public var title: String {
        switch self {
        case .description: "description is complete"
        case .options: "options round-trip, bounds hold"
        case .finiteness: "value and gradient are finite"
        case .determinism: "same seed, same bits"
        case .gradient: "gradient against central differences"
        case .permutation: "order of the batch does not matter"
        case .presence: "what is missing does not count"
        case .targets: "targets stay distributions, without gradient"
        case .tasks: "serves every task that it declares"
        case .zeroWeight: "weight 0 changes nothing"
        case .degenerateInputs: "constant, repeated and zero inputs"
        case .nan: "NaN in, NaN out"
        case .checkpoint: "state round-trips through a checkpoint"
        case .evaluation: "evaluation draws nothing"
        case .gradientTransform: "gradient transform keeps names and shapes"
        case .evaluatedWeights: "evaluated weights fit the model"
        }
    }
}
