import Configuration
import Glibc
import Regularization
import Tensors

/// Gradient surgery: where the gradients of two terms point against each other, one loses what the
/// other would undo.
///
///     pairs:  each term's gradient g_i loses its component along every other g_j with g_i·g_j < 0, in random order;  gradient ← Σ_i g_i
///     modulated:  for each encoder m, with the gradients c of a class term and d of a domain term
///         c ← k(r_m; α_c) c,  d ← k(u_m; α_d) d        k(r; α) = 1 − tanh(α r) for r > 1, else 1
///         r_m = p_m / mean of the others' p,  u_m = mean of the others' t / t_m        p, t: mean probability of the true class, domain
///         where c·d < 0:  c loses its component along d if r_m ≥ u_m, else d its component along c
///
/// `pairs` acts on everything that is trained, with the terms of `terms` or all of the loss.
/// `modulated` acts on the encoders; a classifier of the class term is scaled with its encoder. It
/// reads the probabilities that `unimodal-loss` and `domain-adversarial` report. Without a domain term
/// in the loss (a single source domain) the class gradients are only scaled. Cost: a forward and a
/// backward pass for each term.
///
/// ```yaml
/// regularizers:
///   - unimodal-loss
///   - gradient-projection: {form: pairs}
/// ```
///
/// Source: Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, Alg. 1 (PCGrad);
/// `modulated`: Fan et al., GMP, as in the MMDG benchmark's program (α_c = α_d = 0.5), in which the
/// domain discriminator never learns; here it does.
public struct GradientProjection: RegularizerPlugin, ChangesGradients, ReadsTerms, ReadsPresence {
    /// Which gradients are projected.
    public enum Form: String, CaseIterable, Sendable {
        /// Every term against every other.
        case pairs
        /// For each encoder a class term against a domain term.
        case modulated
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// Which gradients are projected.
        public var form = Form.pairs

        /// The terms of `pairs`; all of the loss where there is none.
        public var terms: [String] = []

        /// The class term and the domain term of `modulated`.
        public var classes = "unimodal-loss", domains = "domain-adversarial"

        /// `α_c` and `α_d`.
        public var classStrength = 0.5, domainStrength = 0.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice(
                    "form", \.form, "what is compared: every term with every other (pairs), or for each encoder a class term with a domain term (modulated)"),
                .texts("terms", \.terms, "for pairs: the terms; `task` means the base loss; by default all terms of the loss"),
                .text("classes", \.classes, "for modulated: the name of the class term"),
                .text("domains", \.domains, "for modulated: the name of the domain term"),
                .number("class-strength", \.classStrength, in: 0...100, "how strongly class gradients are held back, α_c"),
                .number("domain-strength", \.domainStrength, in: 0...100, "how strongly domain gradients are held back, α_d"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "gradient-projection",
            summary: "removes from the gradients of terms the components that conflict",
            formula: "g_i ← g_i − (g_i·g_j/‖g_j‖²) g_j where g_i·g_j < 0;  gradient ← Σ_i g_i",
            source: "Yu et al., Gradient Surgery for Multi-Task Learning, NeurIPS 2020; modulated: GMP, MMDG benchmark",
            cost: "a forward and a backward pass for each term",
            search: [
                .linear("class-strength", 0...1, step: 0.1, of: .mmdgBench),
                .linear("domain-strength", 0...1, step: 0.1, of: .mmdgBench),
            ],
            notes: [
                "Logged: conflicts, the share of pairs that point against each other; with modulated both coefficients of each modality.",
                "modulated needs a unimodal-loss and a domain-adversarial in the row, or terms named by `classes` and `domains`.",
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

    /// Without a domain term the modulated form only scales.
    public var termsRead: [String] { options.form == .pairs ? options.terms : [options.classes] }

    /// The combined gradients of the terms; the given ones where there is nothing to combine.
    public func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        switch options.form {
        case .pairs: try pairs(gradients, step, objective)
        case .modulated: try modulated(gradients, step, objective)
        }
    }

    /// Each term's gradient without what conflicts with the others, added up.
    private func pairs(_ gradients: Gradients, _ step: TrainingStep, _ objective: StepObjective) throws -> Gradients {
        let terms = try TermGradients(options.terms.isEmpty ? objective.terms : options.terms, of: objective, namedBy: "terms")
        guard terms.canBeCombined else { return gradients }
        let all = terms.gradients
        var stream = step.stream("order")
        let orders = all.indices.map { index in stream.permutation(all.count).filter { $0 != index } }
        let projected = Self.projected(all, orders: orders)
        let conflicts = all.indices.reduce(0) { sum, i in sum + all[..<i].count { $0.dot(all[i]) < 0 } }
        step.report("conflicts", Float(conflicts) / Float(all.count * (all.count - 1) / 2))
        return terms.moving(gradients) { projected[$0] - $1 }
    }

    /// Each gradient without its components along those that it conflicts with.
    ///
    /// - Parameter orders: for each gradient the others, in the order in which it meets them.
    static func projected(_ all: [Gradients], orders: [[Int]]) -> [Gradients] {
        zip(all, orders).map { own, order in
            order.reduce(own) { gradient, other in
                let product = gradient.dot(all[other])
                return product < 0 ? gradient + all[other] * Float(-product / all[other].dot(all[other])) : gradient
            }
        }
    }

    /// The encoders' gradients of class and domain term, scaled and projected.
    private func modulated(_ gradients: Gradients, _ step: TrainingStep, _ objective: StepObjective) throws -> Gradients {
        let classes = try objective.gradients(of: options.classes, namedBy: "classes")
        let domains = try objective.gradients(of: options.domains)
        func probabilities(_ term: String) throws -> [Double] {
            try modalities.map { modality in
                let name = "\(term).\(modality).probability"
                guard let report = objective.reports.first(where: { $0.name == name }) else {
                    throw OptionFault(option: nil, expected: "a term that reports \(name)", found: "none")
                }
                return Double(report.value)
            }
        }
        let ratios = ModulatedPair.Ratios(
            classes: try probabilities(options.classes), domains: domains == nil ? nil : try probabilities(options.domains))
        var changed = gradients
        for (index, modality) in modalities.enumerated() {
            let (r, u) = (ratios.classes[index], ratios.domains[index])
            let (a, b) = (
                ModulatedPair.coefficient(r, strength: options.classStrength), ModulatedPair.coefficient(u, strength: options.domainStrength)
            )
            step.report("\(modality).class-coefficient", Float(a))
            step.report("\(modality).domain-coefficient", Float(b))
            let c = classes.ofEncoder(modality, and: options.classes)
            guard let domains else {
                changed = changed + c * Float(a - 1)
                continue
            }
            let d = domains.ofEncoder(modality, and: options.classes)
            let pair = ModulatedPair.projected(classes: c * Float(a), domains: d * Float(b), classRatio: r, domainRatio: u)
            changed = changed + (pair.classes - c) + (pair.domains - d)
        }
        return changed
    }
}

/// The class and the domain gradient of each modality's encoder, scaled by how far each modality leads,
/// and one of them projected where they conflict (GMP).
struct ModulatedPair {
    /// How well the modalities do, against the mean of the others.
    struct Ratios {
        /// Of the probability of the true class: above 1 for a modality that leads.
        let classes: [Double]
        /// Of the probability of the true domain, inverted: above 1 for a modality whose domains are
        /// hard to tell.
        let domains: [Double]

        /// - Parameter domains: nil where there is a single one.
        init(classes: [Double], domains: [Double]?) {
            func others(_ values: [Double], _ index: Int) -> Double { (values.reduce(0, +) - values[index]) / Double(values.count - 1) }
            let count = classes.count
            self.classes = count < 2 ? classes.map { _ in 1 } : classes.indices.map { classes[$0] / (others(classes, $0) + 1e-6) }
            guard let domains, count > 1 else {
                self.domains = classes.map { _ in 1 }
                return
            }
            self.domains = domains.indices.map { others(domains, $0) / (domains[$0] + 1e-6) }
        }
    }

    /// `1 − tanh(α r)` for `r > 1`, else 1.
    static func coefficient(_ ratio: Double, strength: Double) -> Double { ratio > 1 ? max(0, 1 - tanh(strength * ratio)) : 1 }

    /// The two gradients of one modality, already scaled, after the projection: where they conflict,
    /// the one of the larger ratio loses its component along the other.
    static func projected(
        classes: Gradients, domains: Gradients, classRatio: Double, domainRatio: Double
    ) -> (classes: Gradients, domains: Gradients) {
        let product = classes.dot(domains)
        guard product < 0 else { return (classes, domains) }
        if classRatio >= domainRatio { return (classes + domains * Float(-product / (domains.dot(domains) + 1e-12)), domains) }
        return (classes, domains + classes * Float(-product / (classes.dot(classes) + 1e-12)))
    }
}
