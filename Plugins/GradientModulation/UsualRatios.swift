import Networks
import Regularization
import Tensors

/// The mean of each modality's ratio over the steps that lie behind.
final class UsualRatios: Module {
    /// What this step's gradients were changed by; it enters the mean with ``commit()``.
    var last: [Double]?

    private let sums: Buffer
    private let steps = Buffer(Tensor(0), isCount: true)

    var parts: Parts { ["sums": sums, "steps": steps] }

    init(_ count: Int) {
        sums = Buffer(.zeros([count]))
    }

    /// The means, or nil before the first step.
    var means: [Double]? {
        let count = Double(steps.value.item)
        return count > 0 ? sums.value.values.map { Double($0) / count } : nil
    }

    /// Takes the step's ratios into the mean; those that are not finite are left out.
    func commit() {
        defer { last = nil }
        guard let last, last.allSatisfy(\.isFinite) else { return }
        sums.value = Tensor(zip(sums.value.values, last).map { $0 + Float($1) }, shape: [last.count])
        steps.value = Tensor(steps.value.item + 1)
    }
}
