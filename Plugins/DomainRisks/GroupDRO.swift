import Configuration
import Glibc
import Networks
import Regularization
import Tensors

/// Group distributionally robust optimization: a source domain that is learned badly weighs more.
///
///     q_e ← q_e · exp(η L_e) for the domains of the batch, then q ← q / Σ q        q = 1/E at first; no gradient
///     penalty = Σ_e q_e L_e − CE                                                      so that loss + penalty = Σ_e q_e L_e
///
/// `L_e` is the mean cross-entropy of domain `e`'s rows, CE that of the batch, both against the
/// samples' own classes. The weights are the ones just updated. A domain that a batch lacks keeps its
/// factor and is normalized with the others. Weights that are no longer finite are not kept. NaN gives
/// NaN. Cost: `O(N·K)`.
///
/// ```yaml
/// regularizers:
///   - group-dro: {rate: 0.01}
/// ```
///
/// Source: Sagawa et al., "Distributionally Robust Neural Networks for Group Shifts", ICLR 2020, Alg.
/// 1, with domains as groups, as in DomainBed: η = 0.01, searched in 10^U(−3, −1).
public struct GroupDRO: RegularizerPlugin, AddsPenalty, FollowsUpdates, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `η`, how fast weights follow losses.
        public var rate = 0.01

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.number("rate", \.rate, in: 0...100, "how fast the weights of the domains follow their losses, η")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "group-dro",
            summary: "gives more weight to source domains with a high loss",
            formula: "Σ_e q_e L_e − CE,  q_e ∝ q_e exp(η L_e)",
            source: "Sagawa et al., Distributionally Robust Neural Networks for Group Shifts, ICLR 2020; DomainBed",
            cost: "O(N·K), with K classes",
            search: [.logarithmic("rate", 1e-3...0.1)],
            notes: ["Logged: the weight of each domain, by its number.", "With weight 1 the loss is the weighted one alone."])
    }

    /// It weighs source domains against each other.
    public static var needs: [DataNeed] { [.severalDomains] }

    /// It reads the prediction, and no embeddings.
    public static var places: [Place] { [.embedding] }

    /// The losses are cross-entropies.
    public static var tasks: [Targets.Kind] { [.classes] }

    /// It compares what belongs to one sample alone.
    public static var traits: [TermTrait] { [.judgesPredictions] }

    private let rate: Double
    private let domains: SourceDomains
    /// `q`, one for each source domain.
    private let weights: Buffer

    public var parts: Parts { ["weights": weights] }

    /// Starts with equal weights for all source domains.
    public init(options: Options, context: RegularizerContext) {
        rate = options.rate
        domains = context.sourceDomains
        weights = Buffer(Tensor.full(1 / Float(max(domains.count, 1)), [domains.count]))
    }

    /// The weighted loss minus the base loss; nil for an empty batch. Logs `<domain>.weight`.
    public func penalty(_ step: TrainingStep) throws -> Penalty? {
        guard let risks = DomainRisks(step) else { return nil }
        let weights = try updated(risks)
        let chosen = try risks.domains.map { weights[try domains.place(of: $0.domain)] }
        return Penalty(
            value: (risks.losses * Tensor(chosen, shape: [chosen.count])).sum() - risks.whole,
            reports: zip(domains.numbers, weights).map { ("\($0).weight", $1) })
    }

    /// Keeps the weights that the batch's losses lead to, where they are finite.
    public func follow(_ step: TrainingStep, learningRate: Float) throws {
        guard let risks = DomainRisks(step) else { return }
        let weights = try updated(risks)
        if weights.allSatisfy(\.isFinite) { self.weights.value = Tensor(weights, shape: [weights.count]) }
    }

    /// `q` with the batch's losses in it.
    private func updated(_ risks: DomainRisks) throws -> [Float] {
        var logarithms = weights.value.values.map { log(Double($0)) }
        for (domain, loss) in zip(risks.domains, risks.losses.values) { logarithms[try domains.place(of: domain.domain)] += rate * Double(loss) }
        // Against the largest, so that a large loss does not overflow.
        let largest = logarithms.max() ?? 0
        let powers = logarithms.map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { Float($0 / sum) }
    }
}
