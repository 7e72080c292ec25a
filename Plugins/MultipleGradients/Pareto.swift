import Configuration
import Regularization
import Tensors

/// Pareto integration of multimodal and unimodal gradients: an encoder is moved in a direction in which
/// both losses fall.
///
///     for each encoder: u the gradient of the unimodal term, g that of the rest of the loss
///     (a, b) = (1/2, 1/2) where g·u > 0, else the weights of the shortest vector between g and u
///     h_p = 2a g_p + 2b u_p,  gradient_p ← γ · max(1, ‖g_p + u_p‖/‖h_p‖) · h_p            for each parameter p
///     terms:  gradient ← T · the shortest vector in the convex hull of the gradients of all T terms of the loss
///
/// Decision and weights are an encoder's, the rescaling is each parameter's. Heads and fusion keep the
/// sum of all gradients. Where `h_p` is 0, the gradient is 0, which is our convention. `terms` needs no
/// unimodal term and acts on everything that is trained. With a gradient that is not finite the
/// gradients stay as they are. Cost: one more forward and backward pass; `terms`: one for each term.
///
/// ```yaml
/// regularizers:
///   - unimodal-loss
///   - pareto: {gamma: 1.5}
/// ```
///
/// Source: Wei and Hu, "MMPareto: Boosting Multimodal Learning with Innocent Unimodal Assistance", ICML
/// 2024 (γ = 1.5); `terms`: Sener and Koltun, "Multi-Task Learning as Multi-Objective Optimization",
/// NeurIPS 2018.
public struct Pareto: RegularizerPlugin, ChangesGradients, ReadsTerms, ReadsPresence {
    /// What is integrated.
    public enum Form: String, CaseIterable, Sendable {
        /// For each encoder the unimodal term and the rest of the loss.
        case encoders
        /// All terms of the loss.
        case terms
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// What is integrated.
        public var form = Form.encoders

        /// The name of the term with the unimodal losses.
        public var unimodal = "unimodal-loss"

        /// `γ`, what integrated gradients are multiplied by.
        public var gamma = 1.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("form", \.form, "what is combined: for each encoder its unimodal term and the rest of the loss, or all terms of the loss"),
                .text("unimodal", \.unimodal, "the name of the term with the unimodal losses"),
                .number("gamma", \.gamma, in: 0...1e6, "factor γ of the combined gradient of an encoder"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "pareto",
            summary: "moves each encoder in a direction in which multimodal and unimodal loss both fall",
            formula: "g_p ← γ max(1, ‖g_p + u_p‖/‖h_p‖) h_p,  h = 2a g + 2b u,  (a, b) of the shortest vector where g·u ≤ 0",
            source: "Wei and Hu, MMPareto, ICML 2024; Sener and Koltun, Multi-Task Learning as Multi-Objective Optimization, NeurIPS 2018",
            cost: "one more forward and backward pass; with `terms` one for each term",
            unsearched: "its source names single values",
            notes: [
                "Needs a term unimodal-loss in the row, or another one named by `unimodal`.",
                "Logged: cosine and the multimodal weight of each encoder; with terms the weight of each.",
            ])
    }

    /// It makes one gradient of those of the loss's terms.
    public static var traits: [TermTrait] { [.combinesTerms] }

    /// The terms that it conflicts with, and why.
    public static var excludes: [TermExclusion] { [.otherCombinationOfTerms] }

    private let options: Options
    private let modalities: [Modality]

    /// Keeps the options; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) {
        self.options = options
        modalities = context.modalities
    }

    /// The unimodal term, which the form `encoders` needs.
    public var termsRead: [String] { options.form == .encoders ? [options.unimodal] : [] }

    /// The integrated gradients; the given ones where one of them is not finite.
    public func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        switch options.form {
        case .encoders: try encoders(gradients, step, objective)
        case .terms: try terms(gradients, step, objective)
        }
    }

    /// Each encoder's gradients of the unimodal term and of the rest, integrated.
    private func encoders(_ gradients: Gradients, _ step: TrainingStep, _ objective: StepObjective) throws -> Gradients {
        let unimodal = try objective.gradients(of: options.unimodal, namedBy: "unimodal")
        let rest = gradients - unimodal
        var changed = gradients
        for modality in modalities {
            let integrated = Integration(rest.ofEncoder(modality), unimodal.ofEncoder(modality))
            guard integrated.cosine.isFinite else { continue }
            step.report("\(modality).cosine", Float(integrated.cosine))
            step.report("\(modality).weight", Float(integrated.weights[0]))
            let combined = integrated.combined(gamma: options.gamma)
            changed = Gradients(names: changed.names, values: zip(changed.values, combined.values).map { $1 ?? $0 })
        }
        return changed
    }

    /// The shortest vector in the convex hull of the gradients of all terms, times their number.
    private func terms(_ gradients: Gradients, _ step: TrainingStep, _ objective: StepObjective) throws -> Gradients {
        let all = try TermGradients(objective.terms, of: objective, namedBy: "form").withoutZeros
        guard all.canBeCombined else { return gradients }
        let weights = MinimumNorm.weights(products: all.gradients.map { first in all.gradients.map { first.dot($0) } })
        return all.moving(gradients) { index, gradient in
            step.report("\(all.terms[index]).weight", Float(weights[index]))
            return gradient * Float(weights[index] * Double(weights.count) - 1)
        }
    }
}

/// One encoder's two gradients, and how much of each is taken.
struct Integration {
    /// The two gradients that are integrated.
    let multimodal, unimodal: Gradients
    /// Of the angle between them; NaN where one is 0 or not finite.
    let cosine: Double
    /// `(a, b)`.
    let weights: [Double]

    init(_ multimodal: Gradients, _ unimodal: Gradients) {
        (self.multimodal, self.unimodal) = (multimodal, unimodal)
        let (gg, gu, uu) = (multimodal.dot(multimodal), multimodal.dot(unimodal), unimodal.dot(unimodal))
        cosine = gu / (gg * uu).squareRoot()
        weights = gu > 0 ? [0.5, 0.5] : MinimumNorm.weights(products: [[gg, gu], [gu, uu]])
    }

    /// `γ max(1, ‖g_p + u_p‖/‖h_p‖) h_p` for each parameter.
    func combined(gamma: Double) -> Gradients {
        let sum = multimodal + unimodal
        let h = multimodal * Float(2 * weights[0]) + unimodal * Float(2 * weights[1])
        return h.combined(with: sum) { h, sum in
            let (length, whole) = (Self.length(h), Self.length(sum))
            return length > 0 ? h * Float(gamma * max(1, whole / length)) : h
        }
    }

    /// The Euclidean norm, in double precision.
    private static func length(_ x: Tensor) -> Double { x.withUnsafeValues { $0.reduce(0) { $0 + Double($1) * Double($1) } }.squareRoot() }
}

/// The shortest vector in the convex hull of some vectors, given by their inner products.
enum MinimumNorm {
    /// `argmin_w ‖Σ_i w_i g_i‖²` over `w_i ≥ 0`, `Σ w_i = 1`.
    ///
    /// Weight is moved from the vector that lengthens the sum most to the one that shortens it most,
    /// each time as far as it helps, until nothing is gained. For two vectors the first move is exact.
    /// Vectors that are equal share the weight as it falls.
    ///
    /// - Parameter products: `g_i·g_j`, symmetric, at least one; with a NaN all weights are equal.
    static func weights(products: [[Double]]) -> [Double] {
        let count = products.count
        var weights = [Double](repeating: 1 / Double(count), count: count)
        let scale = products.indices.map { products[$0][$0] }.max() ?? 0
        guard scale > 0, products.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return weights }
        for _ in 0..<100_000 {
            let slopes = products.map { row in zip(row, weights).reduce(0) { $0 + $1.0 * $1.1 } }
            let giving = weights.indices.filter { weights[$0] > 0 }.max { slopes[$0] < slopes[$1] } ?? 0
            let taking = weights.indices.min { slopes[$0] < slopes[$1] } ?? 0
            let gain = slopes[giving] - slopes[taking]
            guard gain > 1e-14 * scale else { break }
            let curvature = products[giving][giving] + products[taking][taking] - 2 * products[giving][taking]
            let move = min(weights[giving], curvature > 0 ? gain / curvature : weights[giving])
            weights[giving] -= move
            weights[taking] += move
        }
        return weights
    }
}
