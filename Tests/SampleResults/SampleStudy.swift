import Results

/// A small plan and its results, with accuracies that are easy to average by hand.
package enum SampleStudy {
    package static func settings(
        rows: [String] = ["Fusion", "+ MER"], targets: [String] = ["D1", "D2"], seeds: [Int] = [0, 1],
        baseline: String? = "Fusion", dials: [String] = [], variants: [[String: String]] = [[:]],
        repetitions: [[String: String]] = [[:]]
    ) -> RunSettings {
        RunSettings(
            recipe: "table13", dials: dials,
            variants: variants.map { assignment in
                VariantSettings(
                    assignment: assignment, baseline: baseline, rows: rows, targets: targets, seeds: seeds, repetitions: repetitions,
                    selection: "best source validation accuracy; ties by the lower loss", protocolText: "leave one domain out",
                    lines: ["Training: Adam, batch 64, 20 epochs"])
            },
            machine: "a machine", threads: 2, versions: ["OpenBLAS 0.3"])
    }

    package static func result(
        _ row: String, _ target: String, _ seed: Int, _ accuracy: Double, variant: [String: String] = [:],
        repetition: [String: String] = [:], chosen: [ChosenValue] = []
    ) -> TrialResult {
        TrialResult(
            key: TrialKey(row: row, target: target, seed: seed, variant: variant, repetition: repetition),
            plan: "0123", selectedEpoch: 3, targetScore: accuracy, oracleScore: accuracy + 0.1,
            lastScore: accuracy - 0.1, sourceValidationScore: 0.95, chosen: chosen, seconds: 4, steps: 100,
            secondsInPenalties: row == "Fusion" ? 0 : 0.06, parameters: 1000)
    }

    package static func failure(_ row: String, _ target: String, _ seed: Int) -> TrialResult {
        TrialResult(
            key: TrialKey(row: row, target: target, seed: seed),
            status: .failed(term: "mer", step: 132, message: "the loss is not finite"), targetScore: 0.99)
    }

    /// Two rows × two targets × two seeds, all finished.
    ///
    /// Fusion: D1 50, 54; D2 60, 64. + MER: D1 53, 56; D2 62, 69. Differences 3, 2, 2, 5.
    package static let complete: [TrialResult] = [
        result("Fusion", "D1", 0, 0.50), result("Fusion", "D1", 1, 0.54),
        result("Fusion", "D2", 0, 0.60), result("Fusion", "D2", 1, 0.64),
        result("+ MER", "D1", 0, 0.53, chosen: [.init(path: "mer.weight", value: "3")]),
        result("+ MER", "D1", 1, 0.56, chosen: [.init(path: "mer.weight", value: "1")]),
        result("+ MER", "D2", 0, 0.62, chosen: [.init(path: "mer.weight", value: "1")]),
        result("+ MER", "D2", 1, 0.69, chosen: [.init(path: "mer.weight", value: "0.1")]),
    ]
}
