import Regularization

/// How much of a step's gradient each term of the loss makes up: the norm of the gradient of the term alone, as weighted, with respect to
/// everything that is trained, divided by the sum of these norms.
///
/// Opposed gradients cancel in the sum, so shares say how strongly terms pull, not how far each one gets. What regularizers do to the
/// gradient as a whole comes later and is no part of it.
///
/// The record of the step is walked back once more for each penalty, and nothing is computed forward: no random number is drawn, no
/// statistic changes, and the record stays for the step itself. The gradient of the base loss needs no walk: it is what the penalties
/// leave of the whole.
struct GradientShares {
    private var norms: [(name: String, norm: Double)] = []
    private var sum: Gradients?

    /// Differentiates the penalties of a step; to be called before the whole loss is differentiated.
    init(of forward: Objective.Forward, by objective: Objective) {
        for (name, value) in forward.penalties {
            let gradients = objective.gradients(of: value, keepingGraph: true)
            norms.append((name, Double(gradients.norm)))
            sum = sum.map { $0 + gradients } ?? gradients
        }
    }

    /// - Parameter whole: the gradient of the whole loss.
    /// - Returns: shares in `0...1` by instance name, `task` for the base loss; empty where no term has a penalty, and where there is no
    ///   gradient to share or one that is not finite.
    func shares(of whole: Gradients) -> [String: Double] {
        guard let sum else { return [:] }
        let all = [(name: "task", norm: Double((whole + sum * -1).norm))] + norms
        let total = all.reduce(0) { $0 + $1.norm }
        guard total > 0, total.isFinite else { return [:] }
        return Dictionary(all.map { ($0.name, $0.norm / total) }) { first, _ in first }
    }
}
