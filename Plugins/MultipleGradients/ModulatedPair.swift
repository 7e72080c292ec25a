import Glibc
import Regularization

/// The class and the domain gradient of each modality's encoder, scaled by how far each modality leads, and one of them projected where they
/// conflict (GMP).
struct ModulatedPair {
    /// How well the modalities do, against the mean of the others.
    struct Ratios {
        /// Of the probability of the true class: above 1 for a modality that leads.
        let classes: [Double]
        /// Of the probability of the true domain, inverted: above 1 for a modality whose domains are hard to tell.
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

    /// The two gradients of one modality, already scaled, after the projection: where they conflict, the one of the larger ratio loses its
    /// component along the other.
    static func projected(
        classes: Gradients, domains: Gradients, classRatio: Double, domainRatio: Double
    ) -> (classes: Gradients, domains: Gradients) {
        let product = classes.dot(domains)
        guard product < 0 else { return (classes, domains) }
        if classRatio >= domainRatio { return (classes + domains * Float(-product / (domains.dot(domains) + 1e-12)), domains) }
        return (classes, domains + classes * Float(-product / (classes.dot(classes) + 1e-12)))
    }
}
