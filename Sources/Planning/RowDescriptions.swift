import Configuration
import Datasets
import Recipes
import Regularization
import Results
import Training

extension VariantSettings {
    /// Adds what a reader of the report wants to know besides the figures: what each row is with every
    /// value that was used, and what the data consist of.
    ///
    /// - Parameters:
    ///   - dataset: the data set.
    ///   - fingerprint: what names its contents.
    ///   - components: they give the defaults of what the recipe leaves out.
    mutating func describe(_ recipe: Recipe, dataset: any Dataset, fingerprint: String, components: Components) {
        let facts = dataset.facts
        for row in recipe.rows { descriptions[row.name] = recipe.description(of: row, facts, components) }
        guard facts.targets.kind == .classes else { return }
        var counts = facts.classes.map { _ in facts.domains.map { _ in 0 } }
        let unknown = Set(dataset.rowsOfUnknownClasses)
        for (row, (label, domain)) in zip(dataset.labels, dataset.domains).enumerated()
        where !unknown.contains(row) && counts.indices.contains(label) && counts[label].indices.contains(domain) {
            counts[label][domain] += 1
        }
        samples = SampleCounts(domains: facts.domains, classes: facts.classes, counts: counts, digest: fingerprint)
    }
}

extension Recipe {
    /// The terms of a row and whatever else it has of its own, one line each.
    fileprivate func description(of row: Row, _ facts: DatasetFacts, _ components: Components) -> [String] {
        let terms = row.regularizers.map { $0.text(components, tuned: row.grid.map(\.path)) }
        var own: [String] = []
        if row.model != model { own.append("model: \(row.model.phrase(of: facts))") }
        if row.task != task { own.append("task: \(row.task.phrase)") }
        if row.training.differs(from: training) { own.append(row.training.text(components)) }
        return (terms.isEmpty ? ["no regularizer"] : terms) + own
    }
}

extension RegularizerChoice {
    /// `mer: weight 0.3, on gyroscope, estimator paper (default), …`.
    fileprivate func text(_ components: Components, tuned: [String]) -> String {
        var parts: [String] = []
        let entry = components.regularizers[choice.component]
        let isTuned = { (option: String) in tuned.contains { $0 == "\(name).\(option)" } }
        if isTuned("weight") {
            parts.append("weight tuned")
        } else if terms.isEmpty {
            parts.append(weight.map { "weight \(OptionValue.number($0))" } ?? "weight \(OptionValue.number(entry?.defaultWeight ?? 1)) (default)")
        } else if let weight {
            parts.append("weight \(OptionValue.number(weight))")
        }
        let shape = schedule.encoded.map { "\($0.value)" }
        if shape.first.map({ $0 != "constant" }) ?? false { parts.append("schedule " + shape.joined(separator: " ")) }
        if let after { parts.append("after \(after)") }
        if let until { parts.append("until \(until)") }
        if let modalities { parts.append("on " + modalities.joined(separator: ", ")) }
        if place != .embedding { parts.append("at \(place.rawValue)") }
        if part != .whole { parts.append("part \(part.rawValue)") }
        parts += choice.values(beside: entry?.description, tuned: isTuned)
        let kind = choice.component == name ? name : "\(name) (\(choice.component))"
        let inner = terms.map { $0.text(components, tuned: tuned) }
        return "\(kind): " + parts.joined(separator: ", ") + (inner.isEmpty ? "" : " [\(inner.joined(separator: "; "))]")
    }
}

extension ComponentChoice {
    /// Every option with the value that was used; what the recipe leaves out is a default.
    fileprivate func values(beside description: ComponentDescription?, tuned: (String) -> Bool = { _ in false }) -> [String] {
        (description?.options ?? []).map { option in
            if tuned(option.name) { return "\(option.name) tuned" }
            if let given = options[option.name] { return "\(option.name) \(given)" }
            return "\(option.name) \(option.defaultValue) (default)"
        }
    }
}

extension TrainingPlan {
    /// Whether any value differs, whatever its place in the recipe.
    fileprivate func differs(from other: TrainingPlan) -> Bool {
        let own = (epochs, batch, batching, learningRate, gradientClip, augmentationDraws)
        let theirs = (other.epochs, other.batch, other.batching, other.learningRate, other.gradientClip, other.augmentationDraws)
        return own != theirs || checkEvery != other.checkEvery || rates != other.rates
            || ComponentPlan(optimizer) != ComponentPlan(other.optimizer) || ComponentPlan(schedule) != ComponentPlan(other.schedule)
    }

    fileprivate func text(_ components: Components) -> String {
        func component(_ choice: ComponentChoice, _ kind: ComponentKind) -> String {
            let values = choice.values(beside: components[kind].first { $0.name == choice.component })
            return choice.component + (values.isEmpty ? "" : " (\(values.joined(separator: ", ")))")
        }
        return "training: \(lengthText), batch \(batch) (\(batching.rawValue)), \(component(optimizer, .optimizers)), "
            + "learning rate \(learningRate)\(ratesText), schedule \(component(schedule, .schedules))"
    }
}
