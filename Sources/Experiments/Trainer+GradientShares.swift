import Regularization

extension Trainer {
    /// How much of the gradient each term of the loss makes up: the norm of the gradient of the term alone, as weighted, with respect to
    /// everything that is trained, divided by the sum of these norms.
    ///
    /// Opposed gradients cancel in the sum, so shares say how strongly terms pull, not how far each one gets. What regularizers do to the
    /// gradient as a whole comes later and is no part of it.
    ///
    /// It walks the record of a step back once more for each term and computes nothing forward: no random number is drawn, no statistic
    /// changes, and the record stays for the step itself.
    ///
    /// - Returns: shares in `0...1` by instance name, `task` for the cross-entropy; empty where no term has a penalty, and where there is no
    ///   gradient to share or one that is not finite.
    func gradientShares(of forward: Forward) -> [String: Double] {
        guard forward.summands.count > 1 else { return [:] }
        let norms = forward.summands.map { Double(differentiate($0.value, keepingGraph: true).norm) }
        let sum = norms.reduce(0, +)
        guard sum > 0, sum.isFinite else { return [:] }
        return Dictionary(zip(forward.summands.map(\.name), norms.map { $0 / sum })) { first, _ in first }
    }
}
