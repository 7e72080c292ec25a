import Configuration

/// Reads one variant's tree into a recipe. Everything wrong is reported; everything else is read.
struct RecipeReader {
    let catalogue: Catalogue
    let faults: FaultCollector

    /// The top-level keys.
    ///
    /// `extends`, `include` and `variables` are gone when a recipe is read, see `RecipeAssembly` and `Variables`; they are
    /// here for the list in messages. `plugins` is read before, as what it names makes the catalogue, see
    /// `RecipeLoader.pluginPaths`, `sets` and `variants` when the variants are made, see `StudySets` and `VariantOverlays`.
    static let keys = [
        "name", "data", "task", "evaluation", "model", "training", "regularizers", "measure", "rows", "baseline", "seeds", "tuning", "choice", "sweep",
        "repeat",
        VariantOverlays.key, StudySets.key, "expect", "plugins", "variables", "extends", "include",
    ]

    private struct Settings: Options {
        var seeds = [1, 2, 3]

        static var fields: [OptionField<Settings>] {
            [.integers("seeds", \.seeds, in: 0..., "seeds of the trials")]
        }
    }

    /// The recipe; nil only where something was reported.
    func recipe(_ tree: YAMLNode, defaultName: String) -> Recipe? {
        let top = tree.location
        guard let section = SectionReader(tree, name: "the recipe", at: top, faults: faults) else { return nil }
        section.refuseKeys(except: Self.keys)
        _ = PluginList.paths(in: tree, faults: faults)
        let data = data(section)
        let task = task(section)
        let evaluation = evaluation(section)
        let models = ModelReader(catalogue: catalogue, faults: faults)
        let model = models.model(of: section)
        let isRule = section.node["seeds"]?.entries != nil
        let seedRule = isRule ? section.section("seeds").flatMap { SeedRule($0) } : nil
        let seeds = isRule ? Array(1...(seedRule?.looks.last ?? 1)) : seeds(section.options(Settings.self).seeds, in: section)
        let tuning = tuning(section, seeds: seeds, evaluation: evaluation)

        let training = TrainingReader(catalogue: catalogue, faults: faults)
        let regularizers = RegularizerReader(catalogue: catalogue, faults: faults)
        let expectations = ExpectationReader(section.section("expect"), faults: faults)
        let rowReader = RowReader(
            common: section, training: training, regularizers: regularizers,
            measurements: MeasurementReader(catalogue: catalogue, faults: faults), models: models, model: model, readTask: self.task,
            task: task, faults: faults, expectations: expectations)
        let rows = rowReader.rows()
        expectations.check(rows: rowReader.names)
        let measured = expectations.measured(by: rows.flatMap(\.measurements).map(\.name), rows: rowReader.names)
        let baseline = baseline(section, rows: rows, names: rowReader.names)
        if let seedRule, rowReader.names.count == 1 {
            faults.report(
                "the number of seeds cannot depend on a difference", at: seedRule.location,
                expected: "a list of seeds, or a row beside the baseline to compare it with")
        }
        let name = section.name("name") ?? defaultName

        let choice = choice(section, rows: rows)
        let commonTerms = regularizers.regularizers(section.node["regularizers"], owner: "the recipe")
        guard let commonTraining = training.training(section.section("training")), faults.isEmpty, let data, let task, let model,
            let baseline
        else { return nil }
        return Recipe(
            name: name, data: data, task: task, evaluation: evaluation, model: model, training: commonTraining,
            regularizers: commonTerms, rows: rows, baseline: baseline, seeds: seeds, seedRule: seedRule, tuning: tuning, choice: choice,
            expectationSource: expectations.source, measuredExpectations: measured, location: top)
    }

    private func data(_ section: SectionReader) -> DataPlan? {
        guard let entry = section.node.entry("data"), !entry.value.isNull else {
            section.reportMissing("data", expected: "one of: " + catalogue[.datasets].map(\.name).joined(separator: ", "))
            return nil
        }
        let reader = ComponentReader(kind: .datasets, catalogue: catalogue, reserved: ["standardize"], faults: faults)
        guard let source = reader.choice(entry.value, name: "data", at: entry.keyLocation) else { return nil }
        guard entry.value.entries != nil, let inner = section.section("data") else {
            return DataPlan(source: source, standardize: DataPlan.Settings().standardize, locations: [:])
        }
        return DataPlan(
            source: source, standardize: inner.options(DataPlan.Settings.self).standardize,
            locations: source.optionLocations.merging(inner.locations) { $1 })
    }

    private func task(_ section: SectionReader) -> ComponentChoice? {
        guard let entry = section.node.entry("task"), !entry.value.isNull else {
            return ComponentChoice(Recipe.standardTask, location: section.node.entry("data")?.value.location ?? section.location)
        }
        return task(entry.value, at: entry.keyLocation)
    }

    private func task(_ node: YAMLNode, at location: SourceLocation) -> ComponentChoice? {
        ComponentReader(kind: .tasks, catalogue: catalogue, faults: faults).choice(node, name: "task", at: location)
    }

    private func evaluation(_ section: SectionReader) -> EvaluationPlan {
        let inner = section.section("evaluation")
        inner?.refuseKeys(
            except: [
                "protocol", "domains", "transfers", "validation", "validation-per-class", "selection", "ties", "test", "folds", "draw", "unknown-classes",
            ])
        let settings = inner?.options(EvaluationPlan.Settings.self) ?? EvaluationPlan.Settings()
        refuseStrangers(in: inner, settings.trainingDomains)
        let domains = inner?.names("domains", of: "domains")
        var locations = inner?.locations ?? [:]
        for domain in domains ?? [] { locations["domains.\(domain.name)"] = domain.location }
        let transfers = inner.flatMap { readTransfers(in: $0, &locations) }
        return EvaluationPlan(
            trainingDomains: settings.trainingDomains, domains: domains?.map(\.name), transfers: transfers,
            validationPerClass: settings.validationPerClass, ties: settings.ties, validation: settings.validation,
            selection: selection(in: inner) ?? ComponentChoice(EvaluationPlan.standardSelection, location: inner?.location ?? section.location),
            test: settings.test, folds: settings.folds, draw: settings.draw,
            unknownClasses: inner?.names("unknown-classes", of: "classes")?.map(\.name) ?? [], location: inner?.location ?? section.location,
            locations: locations)
    }

    /// Keys that belong to another protocol than the recipe's.
    private func refuseStrangers(in section: SectionReader?, _ chosen: EvaluationPlan.TrainingDomains) {
        let owners: [(key: String, protocols: [EvaluationPlan.TrainingDomains])] = [("test", [.iid]), ("folds", [.kFold]), ("draw", [.iid, .kFold])]
        for (key, protocols) in owners where !protocols.contains(chosen) {
            guard let entry = section?.node.entry(key) else { continue }
            faults.report(
                "'\(key)' belongs to another protocol than \(chosen.rawValue)", at: entry.keyLocation,
                expected: "protocol: " + protocols.map(\.rawValue).joined(separator: " or "))
        }
    }

    /// `transfers:`, each `source -> target` or `source + source -> target`.
    private func readTransfers(in section: SectionReader, _ locations: inout [String: SourceLocation]) -> [EvaluationPlan.Transfer]? {
        guard let given = section.names("transfers", of: "transfers, as in 'mosi + mosei -> sims'") else { return nil }
        for key in ["protocol", "domains"] {
            guard let place = section.locations[key] else { continue }
            faults.report("evaluation has both \(key) and transfers", at: place, expected: "transfers alone, which say what is trained on and what is held out")
        }
        var transfers: [EvaluationPlan.Transfer] = []
        for (text, place) in given {
            guard let transfer = EvaluationPlan.Transfer(text) else {
                faults.report(
                    "transfers cannot contain '\(printable(text))'", at: place,
                    expected: "source -> target or source + source -> target, of different domains")
                continue
            }
            guard !transfers.contains(transfer) else {
                faults.report("'\(transfer.name)' appears twice in transfers", at: place)
                continue
            }
            locations["transfers.\(transfer.name)"] = place
            transfers.append(transfer)
        }
        return transfers
    }

    /// The selection rule that a section names; nil where it names none, or one that was reported.
    private func selection(in section: SectionReader?) -> ComponentChoice? {
        guard let entry = section?.node.entry("selection"), !entry.value.isNull else { return nil }
        return ComponentReader(kind: .selections, catalogue: catalogue, faults: faults).choice(entry.value, name: "selection", at: entry.keyLocation)
    }

    private func choice(_ section: SectionReader, rows: [Row]) -> ChoicePlan? {
        guard let entry = section.node.entry("choice"), !entry.value.isNull else { return nil }
        guard let items = entry.value.items, !items.isEmpty else {
            faults.report(
                "choice cannot be \(entry.value.phrase)", at: entry.value.location, expected: "a list of rules, such as [source-validation, silenced-modality]")
            return nil
        }
        if !rows.isEmpty, rows.allSatisfy({ $0.candidates.count < 2 }) {
            faults.report("there is nothing to choose from: no row has 'tune'", at: entry.keyLocation, expected: "tune: in a row, with two values or more")
        }
        let selections = items.compactMap { item -> ComponentChoice? in
            guard let item = ComponentItem(item, kind: "a selection", faults: faults) else { return nil }
            return ComponentReader(kind: .selections, catalogue: catalogue, faults: faults)
                .choice(component: item.name, at: item.location, options: item.body)
        }
        return ChoicePlan(selections: selections, location: entry.keyLocation)
    }

    private func tuning(_ section: SectionReader, seeds: [Int], evaluation: EvaluationPlan) -> TuningPlan {
        let inner = section.section("tuning")
        inner?.refuseKeys(except: ["seeds", "selection", "epochs"])
        let settings = inner?.options(TuningPlan.Settings.self) ?? TuningPlan.Settings()
        var own: [Int]?
        if let inner, inner.node["seeds"] != nil { own = self.seeds(inner.options(Settings.self).seeds, in: inner) }
        return TuningPlan(
            seeds: own ?? Array(seeds.prefix(1)), selection: selection(in: inner) ?? evaluation.selection, epochs: settings.epochs,
            location: inner?.location ?? section.location, locations: inner?.locations ?? [:])
    }

    private func seeds(_ seeds: [Int], in section: SectionReader) -> [Int] {
        guard let node = section.node["seeds"] else { return seeds }
        if seeds.isEmpty {
            faults.report("seeds cannot be an empty list", at: node.location, expected: "at least one whole number")
        }
        var seen: Set<Int> = []
        for (index, seed) in seeds.enumerated() where !seen.insert(seed).inserted {
            let place = node.items.flatMap { $0.indices.contains(index) ? $0[index].location : nil } ?? node.location
            faults.report("the seed \(seed) appears twice", at: place, expected: "different numbers")
        }
        return seeds
    }

    private func baseline(_ section: SectionReader, rows: [Row], names: [String]) -> String? {
        guard let node = section.node["baseline"] else { return names.first }
        guard let name = section.name("baseline") else { return nil }
        if !names.isEmpty && !names.contains(name) { faults.reportUnknown("baseline row", name, at: node.location, known: names) }
        return name
    }
}

/// Reads `training:`.
struct TrainingReader {
    let catalogue: Catalogue
    let faults: FaultCollector

    private static let keys = [
        "epochs", "steps", "check-every", "batch", "batching", "optimizer", "schedule", "gradient-clip", "augmentation-draws", "stem-cache",
    ]

    /// The plan; nil, and reported, where a component is unknown or the section is none.
    func training(_ section: SectionReader?) -> TrainingPlan? {
        guard let section else { return nil }
        section.refuseKeys(except: Self.keys)
        let settings = section.options(TrainingPlan.Settings.self)
        let optimizerReader = ComponentReader(kind: .optimizers, catalogue: catalogue, reserved: ["learning-rate", "rates"], faults: faults)
        let scheduleReader = ComponentReader(kind: .schedules, catalogue: catalogue, faults: faults)
        let optimizer = component("optimizer", default: "adam", reader: optimizerReader, in: section)
        let schedule = component("schedule", default: "constant", reader: scheduleReader, in: section)
        var rate = TrainingPlan.OptimizerSettings().learningRate
        var locations = section.locations
        if section.node["optimizer"]?.entries != nil, let inner = section.section("optimizer") {
            rate = inner.options(TrainingPlan.OptimizerSettings.self).learningRate
            locations["optimizer.learning-rate"] = inner.locations["learning-rate"]
        }
        let rates = rates(in: section, &locations)
        let (epochs, checkEvery) = length(of: section)
        guard let optimizer, let schedule else { return nil }
        return TrainingPlan(
            epochs: epochs, checkEvery: checkEvery, batch: settings.batch, batching: settings.batching, optimizer: optimizer,
            learningRate: rate, rates: rates, schedule: schedule, gradientClip: settings.gradientClip,
            augmentationDraws: settings.augmentationDraws, stemCache: settings.stemCache, location: section.location, locations: locations)
    }

    /// How many epochs; and how many steps each of them has where that is given, so that an epoch is what lies between two checks.
    private func length(of section: SectionReader) -> (epochs: Int, checkEvery: Int?) {
        func isGiven(_ key: String) -> Bool { section.node[key].map { !$0.isNull } ?? false }
        guard isGiven("steps") || isGiven("check-every") else { return (section.options(TrainingPlan.EpochSettings.self).epochs, nil) }
        if isGiven("epochs"), let place = section.locations["epochs"] {
            faults.report(
                "training has both epochs and steps", at: place, expected: "epochs, or steps with check-every (epochs: null removes inherited epochs)")
        }
        let settings = section.options(TrainingPlan.StepSettings.self)
        if settings.steps % settings.checkEvery != 0, let place = section.locations["steps"] {
            faults.report(
                "\(settings.steps) steps are not a multiple of check-every \(settings.checkEvery)", at: place,
                expected: "a multiple of check-every", suggestion: "\(max(settings.steps / settings.checkEvery, 1) * settings.checkEvery)")
        }
        return (max(settings.steps / settings.checkEvery, 1), settings.checkEvery)
    }

    /// `optimizer.rates`, a factor for each part of the model that has one of its own.
    private func rates(in section: SectionReader, _ locations: inout [String: SourceLocation]) -> [TrainingPlan.PartRate] {
        guard section.node["optimizer"]?.entries != nil, let optimizer = section.section("optimizer"), optimizer.node["rates"] != nil,
            let rates = optimizer.section("rates", name: "optimizer.rates")
        else { return [] }
        locations["optimizer.rates"] = optimizer.locations["rates"]
        var result: [TrainingPlan.PartRate] = []
        for entry in rates.node.entries ?? [] {
            let factor: Double? =
                switch entry.value.optionValue {
                case .integer(let number)?: Double(number)
                case .number(let number)?: number
                default: nil
                }
            guard let factor, (0...1_000_000).contains(factor) else {
                faults.report(
                    "\(entry.key) of optimizer.rates cannot be \(entry.value.phrase)", at: entry.value.location,
                    expected: "a number from 0 up, by which the learning rate of this part is multiplied")
                continue
            }
            locations["optimizer.rates.\(entry.key)"] = entry.keyLocation
            result.append(TrainingPlan.PartRate(part: entry.key, factor: factor))
        }
        return result
    }

    private func component(
        _ key: String, default name: String, reader: ComponentReader, in section: SectionReader
    ) -> ComponentChoice? {
        guard let entry = section.node.entry(key), !entry.value.isNull else {
            return ComponentChoice(name, location: section.location)
        }
        var node = entry.value
        if let entries = node.entries, node["use"] == nil {
            // Options without `use` belong to the default component.
            let use = YAMLNode(.scalar(YAMLScalar(quoted: name)), at: entry.keyLocation)
            node.content = .map(entries + [YAMLNode.Entry(key: "use", keyLocation: entry.keyLocation, value: use)])
        }
        return reader.choice(node, name: "training.\(key)", at: entry.keyLocation)
    }
}
