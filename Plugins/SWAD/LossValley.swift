import Networks
import Tensors

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

    /// The segment that has left the horizon is in the valley, unless all losses from it on are too high.
    private func goOn(_ look: Int) {
        let oldest = look - horizon + 1
        guard self[.isOver] == 0, oldest >= self[.start] - 1 else { return }
        if isTooHigh(oldest...look) { self[.isOver] = 1 } else { take(oldest) }
    }

    private func take(_ look: Int) {
        ring[look % ring.count].withAverage { if self[.taken] == 0 { certain.restart() } else { certain.update() } }
        self[.taken] += 1
    }

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

    private func copyCertain() {
        // Both are averages of the same module, so one fits the other.
        try? outcome.load(Dictionary(certain.state().map { ($0.name, $0.value) }) { first, _ in first })
    }

    private func loss(_ look: Int) -> Double { Double(losses.value.values[look % ring.count]) }

    private func isTooHigh(_ looks: ClosedRange<Int>) -> Bool { looks.allSatisfy { !(loss($0) <= Double(threshold.value.item)) } }

    private subscript(count: Count) -> Int {
        get { Int(counts.value.values[count.rawValue]) }
        set { counts.withUnsafeMutableValues { $0[count.rawValue] = Float(newValue) } }
    }
}
