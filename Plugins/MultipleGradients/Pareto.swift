import Configuration
import Regularization
import Tensors

/// Pareto integration of multimodal and unimodal gradients: an encoder is moved in a direction in which both losses fall.
///
///     for each encoder: u the gradient of the unimodal term, g that of the rest of the loss
///     (a, b) = (1/2, 1/2) where g·u > 0, else the weights of the shortest vector between g and u
///     h_p = 2a g_p + 2b u_p,  gradient_p ← γ · max(1, ‖g_p + u_p‖/‖h_p‖) · h_p            for each parameter p
///     terms:  gradient ← T · the shortest vector in the convex hull of the gradients of all T terms of the loss
///
/// Decision and weights are an encoder's, the rescaling is each parameter's. Heads and fusion keep the sum of all gradients. Where `h_p` is 0,
/// the gradient is 0, which is our convention. `terms` needs no unimodal term and acts on everything that is trained. With a gradient that is not
/// finite the gradients stay as they are. Cost: one more forward and backward pass; `terms`: one for each term.
///
/// Source: Wei and Hu, "MMPareto: Boosting Multimodal Learning with Innocent Unimodal Assistance", ICML 2024 (γ = 1.5); `terms`: Sener and Koltun,
/// "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018.
public struct Pareto: RegularizerPlugin, ChangesGradients, ReadsTerms, ReadsPresence {
    /// What is integrated.
    public enum Form: String, CaseIterable, Sendable {
        /// For each encoder the unimodal term and the rest of the loss.
        case encoders
        /// All terms of the loss.
        case terms
    }

    public struct Options: ComponentOptions {
        public var form = Form.encoders

        /// The name of the term with the unimodal losses.
        public var unimodal = "unimodal-loss"

        /// `γ`, what integrated gradients are multiplied by.
        public var gamma = 1.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("form", \.form, "for each encoder the unimodal term and the rest of the loss, or all terms of the loss"),
                .text("unimodal", \.unimodal, "the name of the term with the unimodal losses"),
                .number("gamma", \.gamma, in: 0...1e6, "what an encoder's integrated gradient is multiplied by, γ"),
            ]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "pareto",
            summary: "moves each encoder in a direction in which multimodal and unimodal loss both fall",
            formula: "g_p ← γ max(1, ‖g_p + u_p‖/‖h_p‖) h_p,  h = 2a g + 2b u,  (a, b) of the shortest vector where g·u ≤ 0",
            source: "Wei and Hu, MMPareto, ICML 2024; Sener and Koltun, Multi-Task Learning as Multi-Objective Optimization, NeurIPS 2018",
            notes: [
                "Needs a term unimodal-loss in the row, or another one named by `unimodal`.",
                "Logged: cosine and the multimodal weight of each encoder; with terms the weight of each.",
            ])
    }

    private let options: Options
    private let modalities: [Modality]

    public init(options: Options, context: RegularizerContext) {
        self.options = options
        modalities = context.modalities
    }

    public var termsRead: [String] { options.form == .encoders ? [options.unimodal] : [] }

    public func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        switch options.form {
        case .encoders: try encoders(gradients, step, objective)
        case .terms: try terms(gradients, step, objective)
        }
    }

    private func encoders(_ gradients: Gradients, _ step: TrainingStep, _ objective: StepObjective) throws -> Gradients {
        guard let unimodal = try objective.gradients(of: options.unimodal) else {
            throw OptionFault(
                option: "unimodal", expected: "a term of the loss: " + objective.terms.joined(separator: ", "), found: options.unimodal,
                suggestion: nearestName(to: options.unimodal, among: objective.terms))
        }
        let rest = gradients - unimodal
        var changed = gradients
        for modality in modalities {
            let isOwn = { (name: String) in name.hasPrefix("encoders.\(modality).") }
            let (u, g) = (unimodal.filter(isOwn), rest.filter(isOwn))
            let integrated = Integration(g, u)
            guard integrated.cosine.isFinite else { continue }
            step.report("\(modality).cosine", Float(integrated.cosine))
            step.report("\(modality).weight", Float(integrated.weights[0]))
            let combined = integrated.combined(gamma: options.gamma)
            changed = Gradients(names: changed.names, values: zip(changed.values, combined.values).map { $1 ?? $0 })
        }
        return changed
    }

    private func terms(_ gradients: Gradients, _ step: TrainingStep, _ objective: StepObjective) throws -> Gradients {
        let all = try objective.terms.compactMap { name in try objective.gradients(of: name).map { (name, $0) } }.filter { $0.1.norm > 0 }
        guard all.count > 1, all.allSatisfy({ $0.1.norm.isFinite }) else { return gradients }
        let weights = MinimumNorm.weights(products: all.map { first in all.map { first.1.dot($0.1) } })
        // What terms before this one have changed stays in.
        return zip(all, weights).reduce(gradients) { sum, term in
            step.report("\(term.0.0).weight", Float(term.1))
            return sum + term.0.1 * Float(term.1 * Double(all.count) - 1)
        }
    }
}

/// One encoder's two gradients, and how much of each is taken.
struct Integration {
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

    private static func length(_ x: Tensor) -> Double { x.withUnsafeValues { $0.reduce(0) { $0 + Double($1) * Double($1) } }.squareRoot() }
}
