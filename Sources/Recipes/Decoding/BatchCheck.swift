import Configuration

/// Whether the batches of a training can be filled, and are large enough for its regularizers.
struct BatchCheck {
    let facts: DatasetFacts
    let evaluation: EvaluationPlan
    let catalogue: Catalogue
    let faults: FaultCollector

    func check(_ training: TrainingPlan, regularizers: [RegularizerChoice]) {
        let location = training.locations["batch"] ?? training.location
        for regularizer in regularizers.flatMap(\.regularizers) {
            let least = catalogue.minimumBatch(regularizer.choice.component, regularizer.choice.options)
            guard training.batch < least else { continue }
            faults.report(
                "a batch of \(training.batch) is too small for the regularizer '\(regularizer.name)'", at: location,
                expected: "at least \(least)")
        }
        for sources in sourceSets where !fits(training, sources: sources, at: location) { return }
    }

    /// Training samples of each source domain, for each choice of domains.
    private var sourceSets: [[(domain: String, samples: Int)]] {
        let pools = zip(facts.domains, facts.samplesPerDomain).map { domain, samples in
            (domain: domain, samples: Int((Double(samples) * (1 - evaluation.validation)).rounded(.up)))
        }
        let targets = evaluation.domains ?? facts.domains
        switch evaluation.trainingDomains {
        case .multiSource:
            return targets.map { target in pools.filter { $0.domain != target } }.filter { !$0.isEmpty }
        case .singleSource:
            return pools.map { [$0] }
        }
    }

    /// Reports the first set of source domains that cannot fill a batch.
    private func fits(_ training: TrainingPlan, sources: [(domain: String, samples: Int)], at location: SourceLocation) -> Bool {
        let names = sources.map { "'\($0.domain)'" }.joined(separator: ", ")
        let total = sources.reduce(0) { $0 + $1.samples }
        if training.batch > total {
            faults.report(
                "a batch of \(training.batch) is larger than the training data", at: location,
                expected: "at most \(total), the training samples of \(names)")
            return false
        }
        guard training.batching == .balanced else { return true }
        let share = training.batch / sources.count
        if share == 0 {
            faults.report(
                "a balanced batch of \(training.batch) has no room for \(sources.count) source domains", at: location,
                expected: "at least \(sources.count), or batching: shuffled")
            return false
        }
        guard let smallest = sources.min(by: { $0.samples < $1.samples }), smallest.samples < share else { return true }
        let most = smallest.samples * sources.count
        faults.report(
            "a balanced batch of \(training.batch) needs \(share) samples of each source domain", at: location,
            expected: "at most \(most), as '\(smallest.domain)' has \(smallest.samples) training samples")
        return false
    }
}
