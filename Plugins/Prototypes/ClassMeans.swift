import Networks
import Tensors

/// The mean embedding of each class, with momentum: `P ← (1 − momentum)·mean + momentum·P`.
///
/// Embeddings of several steps are gathered before they move the prototypes. A class without a sample since then keeps its prototype; before
/// there is any, its prototype is 0.
final class ClassMeans: Module {
    private let momentum: Float
    /// `P`, `K×D`.
    private let prototypes: Buffer
    private let sums: Buffer
    /// Samples of each class in `sums`, `K`.
    private let counts: Buffer
    /// How often the prototypes have been moved.
    private let updates = Buffer(Tensor(0), isCount: true)

    var parts: Parts { ["prototypes": prototypes, "sums": sums, "counts": counts, "updates": updates] }

    init(classes: Int, width: Int, momentum: Double) {
        self.momentum = Float(momentum)
        prototypes = Buffer(.zeros([classes, width]))
        sums = Buffer(.zeros([classes, width]))
        counts = Buffer(.zeros([classes]))
    }

    /// `K×D`; nil before the first update.
    var current: Tensor? { updates.value.item > 0 ? prototypes.value : nil }

    /// Gathers the embeddings of a batch, `N×D`. What is not finite is left out as a whole.
    func gather(_ z: Tensor, labels: [Int]) {
        guard z.withUnsafeValues({ $0.allSatisfy(\.isFinite) }) else { return }
        let classes = Tensor.oneHot(labels, classes: counts.elementCount)
        sums.value = sums.value + classes.matmul(z, transposingLeft: true)
        counts.value = counts.value + classes.sum(axis: 0)
    }

    /// Moves the prototypes to the means of what was gathered, the first time all the way.
    func update() {
        let present = counts.value.isGreater(than: 0).unsqueezed(axis: 1)
        let means = sums.value / Tensor.maximum(counts.value, .ones(counts.shape)).unsqueezed(axis: 1)
        let share = updates.value.item == 0 ? 1 : 1 - momentum
        prototypes.value = prototypes.value + present * (means - prototypes.value) * share
        updates.value = Tensor(updates.value.item + 1)
        sums.value = .zeros(sums.shape)
        counts.value = .zeros(counts.shape)
    }

    /// Similarities to prototypes `K×D`: `−‖z_i − P_k‖`, `N×K`. Where the distance is 0 its gradient is 0.
    static func similarities(_ z: Tensor, to prototypes: Tensor) -> Tensor {
        -(z.unsqueezed(axis: 1) - prototypes.unsqueezed(axis: 0)).norm(axis: 2)
    }
}
