import Regularization

/// The sizes of one batch that a regularizer is run on.
struct Scenario {
    let name: String
    /// `N`.
    let samples: Int
    /// The modalities in the model's order, with their `D`.
    let widths: [(modality: Modality, width: Int)]
    /// Length `T` of the token sequences; nil for none.
    let tokens: Int?
    /// `K`.
    let classes = 3

    init(_ name: String, samples: Int, widths: [Int], tokens: Int? = nil) {
        let names: [Modality] = ["audio", "flow", "touch", "video"]
        self.name = name
        self.samples = samples
        self.widths = widths.enumerated().map { (names[$0.offset], $0.element) }
        self.tokens = tokens
    }

    /// What the checks start from, for a smallest batch of `minimum`: the first is taken that the regularizer accepts.
    static func ordinary(minimum: Int) -> [Scenario] {
        let samples = max(8, minimum)
        return [2, 1, 3, 4].map { Scenario("N > D, \($0) modalities", samples: samples, widths: .init(repeating: 6, count: $0)) }
    }

    /// The batches on which values and gradients are checked.
    static func all(minimum: Int) -> [Scenario] {
        let (few, many) = (max(4, minimum), max(12, minimum + 1))
        var scenarios = [
            Scenario("N < D", samples: few, widths: [few + 5, few + 5]),
            Scenario("N > D", samples: many, widths: [4, 4]),
            Scenario("one modality", samples: max(8, minimum), widths: [6]),
            Scenario("three modalities", samples: max(8, minimum), widths: [6, 6, 6]),
            Scenario("four modalities", samples: max(6, minimum), widths: [5, 5, 5, 5]),
            Scenario("unequal widths", samples: max(8, minimum), widths: [7, 4]),
            Scenario("tokens", samples: max(6, minimum), widths: [4, 4], tokens: 3),
        ]
        if minimum <= 2 { scenarios.insert(Scenario("N = 2", samples: 2, widths: [5, 5]), at: 2) }
        if minimum <= 1 { scenarios.insert(Scenario("N = 1", samples: 1, widths: [5, 5]), at: 2) }
        return scenarios
    }
}
