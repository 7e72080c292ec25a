/// What one training step takes, in seconds of wall time.
package struct StepCost: Hashable, Codable, Sendable {
    /// What one regularizer adds to a step: its hooks, and the part of the backward pass that is its own.
    package struct Term: Hashable, Codable, Sendable {
        /// The regularizer's name in its row.
        package var instance: String
        package var seconds: Double

        package init(instance: String, seconds: Double) {
            self.instance = instance
            self.seconds = seconds
        }
    }

    /// The whole step with every regularizer.
    package var seconds: Double
    /// In the row's order.
    package var terms: [Term]

    package init(seconds: Double, terms: [Term]) {
        self.seconds = seconds
        self.terms = terms
    }
}
