import Analysis
import Configuration
import Datasets
import Foundation
import Recipes
import Results
import Tensors
import Training

extension RunSettings {
    /// The settings of a study's report.
    ///
    /// - Parameters:
    ///   - facts: of the data of every variant; at least one.
    ///   - tasks: what is learned of them, one for each.
    ///   - data: the data set of a recipe, divided as its protocol says.
    ///   - describe: adds a description of the rows and the data of a recipe.
    init(
        _ study: Study, facts: [DatasetFacts], tasks: [any TaskPlugin], threads: Int, data: (Recipe) -> (any Dataset)?,
        describe: (inout VariantSettings, Recipe) -> Void
    ) {
        var variants: [VariantSettings] = []
        var places: [[String: String]: Int] = [:]
        for (variant, (facts, task)) in zip(study.variants, zip(facts, tasks)) {
            var frame = VariantSettings(variant, facts: facts, task: task, data: data(variant.recipe))
            describe(&frame, variant.recipe)
            if let place = places[frame.assignment] {
                variants[place].add(frame)
            } else {
                places[frame.assignment] = variants.count
                variants.append(frame)
            }
        }
        self.init(
            recipe: study.name, dials: study.variants[0].settings.map(\.path), variants: variants, notices: study.notices(facts),
            machine: Machine.description, threads: threads,
            versions: ["Regulus \(Version.current) (build \(ProgramCode.digest.prefix(12)))", "OpenBLAS on \(Threads.coreType)"],
            expected: study.expectedFigures)
    }
}

extension VariantSettings {
    /// What is trained under one combination of swept and repeated settings.
    fileprivate init(_ variant: Study.Variant, facts: DatasetFacts, task: any TaskPlugin, data: (any Dataset)?) {
        let recipe = variant.recipe
        func assignment(_ settings: [(path: String, value: OptionValue)]) -> [String: String] {
            Dictionary(uniqueKeysWithValues: settings.map { ($0.path, $0.value.description) })
        }
        self.init(
            assignment: assignment(variant.settings), baseline: recipe.baseline, rows: recipe.rows.map(\.name),
            targets: recipe.evaluation.columns(among: facts.domains), trainedOn: recipe.trainedOn(facts), seeds: recipe.seeds,
            repetitions: [assignment(variant.repetition)], selection: recipe.selectionText(task.score),
            protocolText: recipe.protocolText(on: data), lines: recipe.settingLines(facts),
            regularizers: Dictionary(recipe.rows.compactMap { row in recipe.factors(of: row).map { (row.name, $0) } }) { first, _ in first },
            scores: task.scores, dataset: variant.dataset ?? recipe.data.source.identity, design: recipe.seedDesign(of: task.score))
        heldOut =
            switch recipe.evaluation.trainingDomains {
            case .multiSource, .singleSource: .domain
            case .trainedOnTarget: .part
            case .iid: .test
            case .kFold: .fold
            }
    }

    /// Takes in the same variant under another repetition.
    fileprivate mutating func add(_ other: VariantSettings) {
        repetitions += other.repetitions.filter { !repetitions.contains($0) }
        rows += other.rows.filter { !rows.contains($0) }
        targets += other.targets.filter { !targets.contains($0) }
        seeds += other.seeds.filter { !seeds.contains($0) }
        trainedOn.merge(other.trainedOn) { own, _ in own }
        regularizers.merge(other.regularizers) { own, _ in own }
        descriptions.merge(other.descriptions) { own, _ in own }
        if samples != other.samples { samples = nil }
    }
}

extension Study {
    /// Warns of what is easily overlooked: frozen layers without weights from a file.
    fileprivate func notices(_ facts: [DatasetFacts]) -> [String] {
        var random: [String] = []
        for (recipe, facts) in zip(variants.map(\.recipe), facts) {
            for model in recipe.models {
                for modality in model.modalities(of: facts) where !random.contains(modality) {
                    guard let options = model.encoder(for: modality)?.options, let train = options["train"] else { continue }
                    let isFrozen = train == .string("last-stage") || train == .string("none")
                    if isFrozen && (options["weights"] ?? .null) == .null { random.append(modality) }
                }
            }
        }
        guard !random.isEmpty else { return [] }
        return [
            "No weights are given for the encoders of \(random.joined(separator: ", ")): they start from random values, and layers that are not "
                + "trained stay random."
        ]
    }
    /// What the rows expect, in all variants or in each; nil where none does.
    fileprivate var expectedFigures: ExpectedFigures? {
        let variants = variants.map { variant in
            ExpectedFigures.Variant(
                settings: Dictionary(uniqueKeysWithValues: variant.settings.map { ($0.path, $0.value.description) }),
                figures: variant.recipe.expectedFigures, measured: variant.recipe.measuredExpectations.map(\.figure))
        }
        guard variants.contains(where: { !$0.figures.isEmpty || !$0.measured.isEmpty }) else { return nil }
        let source = self.variants[0].recipe.expectationSource
        let isSame = Set(variants.map(\.figures)).count == 1 && Set(variants.map(\.measured)).count == 1
        return ExpectedFigures(
            source: source, figures: isSame ? variants[0].figures : [:], measured: isSame ? variants[0].measured : [],
            variants: isSame ? [] : variants)
    }
}

extension MeasuredExpectation {
    fileprivate var figure: ExpectedFigures.Measured {
        ExpectedFigures.Measured(measurement: measurement, quantity: quantity, row: row, value: value)
    }
}

extension Recipe {
    /// What the rows expect.
    fileprivate var expectedFigures: [String: [String: Double]] {
        Dictionary(rows.map { ($0.name, $0.expected) }) { first, _ in first }.filter { !$0.value.isEmpty }
    }

    /// The source of every column whose training serves the other columns of that source too.
    fileprivate func trainedOn(_ facts: DatasetFacts) -> [String: String] {
        if let transfers = evaluation.transfers {
            let sources = transfers.map { $0.sources.sorted().joined(separator: " + ") }
            let shared = zip(transfers, sources).filter { pair in sources.count { $0 == pair.1 } > 1 }
            return Dictionary(shared.map { ($0.name, $1) }) { first, _ in first }
        }
        guard case .singleSource = evaluation.trainingDomains else { return [:] }
        let columns = facts.domains.flatMap { source in facts.domains.map { (column: "\(source) → \($0)", source: source) } }
        return Dictionary(columns.map { ($0.column, $0.source) }) { first, _ in first }
            .filter { evaluation.columns(among: facts.domains).contains($0.key) }
    }

    /// The protocol in words, with what the data set itself prescribes.
    fileprivate func protocolText(on data: (any Dataset)?) -> String {
        let hasSplit = data?.split?.contains { $0 == .validation || $0 == .heldBack } ?? false
        let share = evaluation.validation == 0 ? "none" : evaluation.validation.formatted(.percent)
        func held(_ whose: String) -> String {
            if let count = evaluation.validationPerClass { return "\(count) of \(whose) samples of each class are validation" }
            return hasSplit ? "the data set's split says which of \(whose) samples are validation" : "\(share) of \(whose) samples are validation"
        }
        if evaluation.transfers != nil { return "transfers: each column says what is trained on and what is held out; \(held("the sources'"))" }
        return switch evaluation.trainingDomains {
        case .multiSource: "multi-source: each domain is held out in turn, all others are trained on; \(held("their"))"
        case .trainedOnTarget:
            "trained-on-target: a reference, not a measure of generalization; the model is trained on a part of each domain and evaluated on the "
                + "rest; \(held("its remaining"))"
        case .singleSource: "single-source: one domain is trained on, every other is held out; \(held("its"))"
        case .iid:
            if let data, SampleDivision.takesPrescribedTest(data) {
                "iid: the data set's own test samples are held out; \(held("the other"))"
            } else {
                "iid: \(evaluation.test.formatted(.percent)) of the samples, in whole groups, are held out (draw \(evaluation.draw)); \(held("the other"))"
            }
        case .kFold:
            "k-fold: \(evaluation.folds) folds of whole groups (draw \(evaluation.draw)), each held out in turn; \(held("the other folds'"))"
        }
    }

    fileprivate func selectionText(_ score: ScoreDescription) -> String {
        let unit = training.checkEvery == nil ? "epoch" : "check"
        let ties =
            switch evaluation.ties {
            case .lowerLoss: "lower loss"
            case .first: "the first"
            case .latest: "the latest"
            }
        let epoch =
            switch evaluation.selection.component {
            case "source-validation": "the \(unit) of the best \(score.title) on source validation samples (ties: \(ties))"
            case "leave-one-source-out": "the \(unit) of the best mean \(score.title) on source domains left out in turn"
            case "last-epoch": "the last \(unit)"
            default: "the \(unit) that \(evaluation.selection.phrase) chooses"
            }
        guard rows.contains(where: { $0.candidates.count > 1 }) else { return epoch }
        let tuned =
            switch tuning.selection.component {
            case "leave-one-source-out": "the \(score.title) on left-out source domains"
            case "source-validation", "last-epoch": "the \(score.title) on source validation samples"
            default: tuning.selection.phrase
            }
        let budgets = rows.compactMap { row in row.search.map { "\(row.name) by \($0)" } ?? row.budget.map { "\($0) combinations of \(row.name)" } }
        let drawn = budgets.isEmpty ? "" : "; at random: " + budgets.joined(separator: ", ")
        return "\(epoch); tuned values by \(tuned), seeds \(tuning.seeds.map(String.init).joined(separator: ", "))\(drawn)"
    }

    fileprivate func settingLines(_ facts: DatasetFacts) -> [String] {
        // Rows with one model, as half of all combinations may be, share a line.
        var others: [(model: String, rows: [String])] = []
        for row in rows where row.model != model {
            let phrase = row.model.phrase(of: facts)
            if let known = others.firstIndex(where: { $0.model == phrase }) { others[known].rows.append(row.name) } else { others.append((phrase, [row.name])) }
        }
        let own = others.map { "model of \($0.rows.joined(separator: ", ")): \($0.model)" }
        return [
            "data: \(data.source.phrase), \(facts.sampleCount) samples, \(facts.targets.text); standardize: \(data.standardize.rawValue)",
            "model: \(model.phrase(of: facts))",
            "training: \(training.lengthText), batch \(training.batch) (\(training.batching.rawValue)), "
                + "\(training.optimizer.phrase), learning rate \(training.learningRate)\(training.ratesText), schedule \(training.schedule.phrase)",
        ] + own + taskLines + viewLines
            + (evaluation.unknownClasses.isEmpty ? [] : ["classes that training does not know: \(evaluation.unknownClasses.joined(separator: ", "))"])
    }

    /// What is switched on in a row, for what each contributes; nil where that is not known, as of a row with a model of its own.
    fileprivate func factors(of row: Row) -> [String]? {
        row.factors ?? (row.model == model && row.task == task ? row.regularizers.map(\.name) : nil)
    }
}

extension ModelPlan {
    /// Encoders and fusion with the options that the recipe gives, or the whole model.
    func phrase(of facts: DatasetFacts) -> String {
        let encoders = modalities(of: facts).compactMap { name in encoder(for: name).map { "\(name): \($0.phrase)" } }
        return whole?.phrase ?? "\(encoders.joined(separator: "; ")); fusion: \(fusion.phrase)"
    }
}

extension TrainingPlan {
    /// Its length: passes, or steps and the steps between checks, which then take the place of epochs
    /// in all tables.
    var lengthText: String {
        checkEvery.map { "\(epochs * $0) steps, checked every \($0) (an epoch of the tables and figures is \($0) steps)" }
            ?? (epochs == 1 ? "1 epoch" : "\(epochs) epochs")
    }

    /// The factors of the learning rate of parts that have one.
    var ratesText: String {
        rates.isEmpty ? "" : " (" + rates.map { "\($0.part) ×\($0.factor)" }.joined(separator: ", ") + ")"
    }
}

extension Recipe {
    /// The task, where it is not the default.
    private var taskLines: [String] {
        let own = rows.filter { $0.task != task }.map { "task of \($0.name): \($0.task.phrase)" }
        return (task.component == Recipe.standardTask && task.options.isEmpty ? [] : ["task: \(task.phrase)"]) + own
    }

    /// How training sees the data, where that is not the default.
    private var viewLines: [String] {
        var lines: [String] = []
        if let draws = training.augmentationDraws {
            lines.append("augmentation: \(draws) \(draws == 1 ? "draw" : "draws") of each sample, the same for all seeds")
        }
        if training.stemCache { lines.append("stem cache: outputs of frozen stems as 16-bit floats") }
        return lines
    }
}

extension ComponentChoice {
    /// What tells this data set from others: its name, and the places that it is read from. Settings of a generator, or of how data are
    /// read, make no other data set.
    fileprivate var identity: String {
        func places(_ options: [String: OptionValue]) -> [String] {
            options.sorted { $0.key < $1.key }.flatMap { _, value -> [String] in
                if case .string(let text) = value { return text.contains("/") ? [text] : [] }
                return value.components.flatMap { [$0.use] + places($0.options) }
            }
        }
        return ([component] + places(options)).joined(separator: " ")
    }

    /// The name with the options that the recipe gives.
    var phrase: String {
        guard !options.isEmpty else { return component }
        return "\(component) (" + options.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ") + ")"
    }
}

/// The machine that a run was made on, in words.
package enum Machine {
    package static var description: String {
        let model = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
            .split(separator: "\n").first { $0.hasPrefix("model name") }?
            .split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
        return "\(model ?? "unknown processor"), \(Threads.available) cores, \(ProcessInfo.processInfo.operatingSystemVersionString)"
    }
}
