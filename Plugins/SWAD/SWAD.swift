import Configuration
import Networks
import Regularization
import Tensors

/// Stochastic weight averaging densely: what is evaluated and saved is the mean of the weights of all
/// steps between the point at which the loss on source validation samples has stopped falling and the
/// one at which it begins to rise.
///
///     segment r: the mean of the weights of all steps between two looks at the validation samples;  V_r: the loss after it
///     begin at s:  V_s is the least of V_s … V_{s+patience−1};  threshold = (1 + tolerance)·mean of these
///     end at e:    the least of V_e … V_{e+horizon−1} is above the threshold
///     result: the mean of segments s … e − 1
///
/// Until it begins, the last segment is evaluated. There is a look once an epoch, where the released
/// program has one every 50 to 300 steps; without source validation samples there is none, and the
/// model is evaluated as it is. The losses are those of the model as it is trained. Memory:
/// `max(patience, horizon) + 3` copies of the model, saved with its checkpoints. Cost of an update:
/// `O(P)`.
///
/// ```yaml
/// regularizers:
///   - swad: {patience: 3, horizon: 6, tolerance: 0.3}
/// ```
///
/// Source: Cha et al., "SWAD: Domain Generalization by Seeking Flat Minima", NeurIPS 2021: patience 3,
/// horizon 6, tolerance 0.3.
public struct SWAD: RegularizerPlugin, FollowsUpdates, FollowsValidation, AveragesWeights, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// Looks for which no loss may be below the first one's.
        public var patience = 3

        /// Looks of which one has to stay below the threshold.
        public var horizon = 6

        /// How far above the losses of the valley's beginning its end lies, as a share.
        public var tolerance = 0.3

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("patience", \.patience, in: 1...1000, unit: "epochs", "averaging begins when the loss has not fallen for this long"),
                .integer("horizon", \.horizon, in: 1...1000, unit: "epochs", "averaging ends when the loss has stayed above the threshold for this long"),
                .number("tolerance", \.tolerance, in: 0...1000, "how far the threshold lies above the loss at which averaging began, as a share of that loss"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "swad",
            summary: "evaluates and saves the mean of all weights from the point where the validation loss stops falling until it rises",
            formula: "θ̄ = mean of θ_t over the steps from s to e, both found on source validation samples",
            source: "Cha et al., SWAD: Domain Generalization by Seeking Flat Minima, NeurIPS 2021",
            cost: "O(P) in each update, with P parameters; memory for some copies of the model",
            unsearched: "its source keeps its three numbers over all data sets",
            notes: [
                "It looks at source validation samples only, once an epoch; the evaluation needs a validation share.",
                "The whole model is averaged, so `on:` has no effect, and any weight above 0 has the same effect.",
            ])
    }

    private let valley: LossValley

    public var parts: Parts { valley.parts }

    /// Makes empty averages of the model.
    public init(options: Options, context: RegularizerContext) {
        valley = LossValley(of: context.model, patience: options.patience, horizon: options.horizon, tolerance: options.tolerance)
    }

    /// Takes the updated weights into the segment.
    public func follow(_ step: TrainingStep, learningRate: Float) { valley.followStep() }

    /// Closes the segment with the validation loss, and decides whether the average begins or ends.
    public func follow(_ validation: ValidationRound) throws { valley.look(loss: try validation.loss()) }

    /// The average over the valley so far; the last segment before it begins; nil before the first
    /// look.
    public var averagedWeights: (any WeightAverage)? { valley.result }
}

/// The average over the valley of the validation loss, with everything that is needed to find its ends.
final class LossValley: Module {
    /// The mean of the weights since the last look.
    private let segment: any WeightAverage
    /// Segments of the last looks, a ring.
    private let ring: [any WeightAverage]
    /// The mean of the segments that are certain to lie in the valley.
    private let certain: any WeightAverage
    /// The same with those that would be taken if the training ended now.
    private let outcome: any WeightAverage
    /// The loss at each place of the ring.
    private let losses: Buffer
    /// What has happened so far, see ``Count``.
    private let counts = Buffer(.zeros([Count.allCases.count]), isCount: true)
    /// The loss above which the valley ends.
    private let threshold = Buffer(Tensor(0))

    private let patience, horizon: Int
    private let tolerance: Double

    /// Numbers of the state.
    private enum Count: Int, CaseIterable {
        /// Steps in the present segment.
        case steps
        /// Looks so far.
        case looks
        /// The first look of the valley, counted from 1; 0 before it is found.
        case start
        /// Segments in the certain average.
        case taken
        /// 1 once the loss has risen again.
        case isOver
    }

    var parts: Parts {
        [
            "segment": segment, "ring": Parts(numbered: ring), "certain": certain, "outcome": outcome, "losses": losses, "counts": counts,
            "threshold": threshold,
        ]
    }

    /// Empty averages of a module.
    init(of module: any Module, patience: Int, horizon: Int, tolerance: Double) {
        (self.patience, self.horizon, self.tolerance) = (patience, horizon, tolerance)
        segment = SimpleMovingAverage(of: module)
        ring = (0..<max(patience, horizon)).map { _ in SimpleMovingAverage(of: module) }
        certain = SimpleMovingAverage(of: module)
        outcome = SimpleMovingAverage(of: module)
        losses = Buffer(.zeros([max(patience, horizon)]))
    }

    /// What is evaluated; nil before the first look.
    var result: (any WeightAverage)? { self[.looks] > 0 ? outcome : nil }

    /// Takes the module's present weights into the segment.
    func followStep() {
        if self[.steps] == 0 { segment.restart() } else { segment.update() }
        self[.steps] += 1
    }

    /// Ends a segment.
    func look(loss: Double) {
        guard self[.steps] > 0 else { return }
        let look = self[.looks]
        segment.withAverage { ring[look % ring.count].restart() }
        losses.withUnsafeMutableValues { $0[look % $0.count] = Float(loss) }
        self[.steps] = 0
        self[.looks] += 1
        if self[.start] == 0 { findStart(look) }
        if self[.start] > 0 { goOn(look) }
        makeOutcome(look)
    }

    /// The valley begins where none of the looks after it, `patience` in all, has a smaller loss.
    private func findStart(_ look: Int) {
        guard look >= patience - 1 else { return }
        let first = look - patience + 1
        let window = (first...look).map(loss)
        guard window.allSatisfy({ $0 >= window[0] }) else { return }
        self[.start] = first + 1
        threshold.value = Tensor(Float(window.reduce(0, +) / Double(patience) * (1 + tolerance)))
        // With a short horizon some segments already lie behind it.
        if horizon < patience { for behind in first...(look - horizon) { take(behind) } }
    }

    /// The segment that has left the horizon is in the valley, unless all losses from it on are too
    /// high.
    private func goOn(_ look: Int) {
        let oldest = look - horizon + 1
        guard self[.isOver] == 0, oldest >= self[.start] - 1 else { return }
        if isTooHigh(oldest...look) { self[.isOver] = 1 } else { take(oldest) }
    }

    /// Adds the segment of a look to the valley for good.
    private func take(_ look: Int) {
        ring[look % ring.count].withAverage { if self[.taken] == 0 { certain.restart() } else { certain.update() } }
        self[.taken] += 1
    }

    /// The average that would be taken if the training ended now.
    private func makeOutcome(_ look: Int) {
        guard self[.start] > 0 else { return ring[look % ring.count].withAverage { outcome.restart() } }
        if self[.taken] > 0 { copyCertain() }
        guard self[.isOver] == 0 else { return }
        var isEmpty = self[.taken] == 0
        // What is still within the horizon is judged by what there is of it.
        let next = max(self[.start] - 1, look - horizon + 1 + (self[.taken] > 0 ? 1 : 0))
        for candidate in next...max(look, next) where candidate <= look {
            if !isEmpty, isTooHigh(candidate...look) { break }
            ring[candidate % ring.count].withAverage { if isEmpty { outcome.restart() } else { outcome.update() } }
            isEmpty = false
        }
    }

    /// Makes the outcome start from the segments that are certain.
    private func copyCertain() {
        // Both are averages of the same module, so one fits the other.
        try? outcome.load(Dictionary(certain.state().map { ($0.name, $0.value) }) { first, _ in first })
    }

    /// The validation loss of a look.
    private func loss(_ look: Int) -> Double { Double(losses.value.values[look % ring.count]) }

    /// Whether the losses of all these looks are above the threshold.
    private func isTooHigh(_ looks: ClosedRange<Int>) -> Bool { looks.allSatisfy { !(loss($0) <= Double(threshold.value.item)) } }

    private subscript(count: Count) -> Int {
        get { Int(counts.value.values[count.rawValue]) }
        set { counts.withUnsafeMutableValues { $0[count.rawValue] = Float(newValue) } }
    }
}
