import Configuration

/// Reads `rows:`, each row with every combination that its `tune:` tries.
struct RowReader {
    /// The recipe as a whole, for what is common to all rows.
    let common: SectionReader
    let training: TrainingReader
    let regularizers: RegularizerReader
    let measurements: MeasurementReader
    let models: ModelReader
    /// The common model; nil where it is at fault.
    let model: ModelPlan?
    let readTask: (YAMLNode, SourceLocation) -> ComponentChoice?
    /// The common task; nil where it is at fault.
    let task: ComponentChoice?
    let faults: FaultCollector
    let expectations: ExpectationReader

    /// The names of all rows, including those with errors; empty where a row has no name.
    var names: [String] {
        let items = common.node["rows"]?.items ?? []
        let names = items.compactMap { $0.nameText ?? $0["name"]?.nameText }
        return names.count == items.count ? names : []
    }

    func rows() -> [Row] {
        guard let node = common.node["rows"] else {
            common.reportMissing("rows", expected: "a list of rows, each with a name")
            return []
        }
        guard let items = node.items, !items.isEmpty else {
            let phrase = node.items == nil ? node.phrase : "an empty list"
            faults.report("rows cannot be \(phrase)", at: node.location, expected: "a list of rows, each with a name")
            return []
        }
        var places: [String: (name: String, location: SourceLocation)] = [:]
        var rows: [Row] = []
        for item in items {
            guard let (row, place) = row(item) else { continue }
            // A name of nothing but what is not seen looks like no other.
            let seen = row.name.asSeen.isEmpty ? row.name : row.name.asSeen
            if let first = places[seen] {
                let what = first.name == row.name ? "duplicate row '\(row.name)'; it" : "row '\(row.name)' looks like row '\(first.name)' in every table, which"
                faults.report("\(what) is already at \(first.location)", at: place)
            } else {
                places[seen] = (row.name, place)
                rows.append(row)
            }
        }
        return rows
    }

    private func row(_ item: YAMLNode) -> (Row, namePlace: SourceLocation)? {
        // `- Fusion` is short for `- name: Fusion`.
        if item.isScalar, let name = item.nameText {
            let empty = YAMLNode(.map([]), at: item.location)
            return row(empty, name: name, search: TuningSearch()).map { ($0, item.location) }
        }
        guard let section = SectionReader(item, name: "the row", at: item.location, faults: faults) else { return nil }
        section.refuseKeys(except: ["name", "regularizers", "measure", "training", "model", "task", "tune", "expect", "factors"])
        guard let node = item["name"] else {
            section.reportMissing("name", expected: "a name")
            return nil
        }
        guard let name = section.name("name") else { return nil }
        let own = Parts(common: common.node, row: item)
        let search = TuningSearch(
            item["tune"].flatMap { published($0, of: own.regularizers) }, at: item.entry("tune")?.keyLocation ?? item.location,
            current: { own.value(at: $0) ?? standard($0, of: own.regularizers) }, faults: faults)
        return row(item, name: name, search: search).map { ($0, node.location) }
    }

    /// A search by its name with the ranges that the row's regularizers publish: `tune: mmdg-bench`, or
    /// `protocol: mmdg-bench` beside ranges of the recipe's own. Any other value is returned unchanged.
    private func published(_ tune: YAMLNode, of list: YAMLNode) -> YAMLNode? {
        let name = tune.isScalar ? tune : tune["protocol"]
        guard let name, let text = name.nameText else { return tune }
        guard let published = SearchProtocol(rawValue: text) else {
            guard tune.isScalar else { return tune }
            let names = SearchProtocol.allCases.map(\.rawValue)
            faults.report(
                "unknown search '\(printable(text))'", at: tune.location,
                expected: "values to try, such as {mer.weight: [0.1, 1, 10]}, or one of: " + names.joined(separator: ", "),
                suggestion: nearestName(to: text, among: names))
            return nil
        }
        let own = (tune.entries ?? []).filter { $0.key != "protocol" }
        func node(_ value: OptionValue) -> YAMLNode { YAMLNode(.scalar(YAMLScalar(plain: value.description)), at: name.location) }
        func entry(_ key: String, _ value: YAMLNode) -> YAMLNode.Entry { YAMLNode.Entry(key: key, keyLocation: name.location, value: value) }
        let axes = terms(in: list).flatMap { term, description in
            published.ranges(of: description).map { range in
                let between = YAMLNode(.list([node(.number(range.lower)), node(.number(range.upper))]), at: name.location)
                let scale = node(.string(range.isLogarithmic ? "log" : "linear"))
                let step = range.step.map { [entry("step", node(.number($0)))] } ?? []
                return entry("\(term).\(range.option)", YAMLNode(.map([entry("between", between), entry("scale", scale)] + step), at: name.location))
            }
        }.filter { axis in !own.contains { $0.key == axis.key } }
        guard !axes.isEmpty || tune.entries != nil else {
            faults.report(
                "no regularizer of this row has a published search", at: name.location,
                expected: "values to try, such as {mer.weight: [0.1, 1, 10]}, or {protocol: \(published.rawValue)} beside ranges")
            return nil
        }
        return YAMLNode(.map([entry("protocol", node(.string(published.rawValue)))] + axes + own), at: tune.location)
    }

    /// The regularizers of a list by their instances' names. What is wrong with an item is reported where it is read.
    private func terms(in list: YAMLNode) -> [(name: String, description: ComponentDescription)] {
        (list.items ?? []).compactMap { item in
            guard let term = ComponentItem(item, kind: "a regularizer", faults: FaultCollector()),
                let description = regularizers.catalogue[.regularizers].first(where: { $0.name == term.name })
            else { return nil }
            return (term.body["name"]?.nameText ?? term.name, description)
        }
    }

    /// The default of an option, or of the weight, of a regularizer that the row does not set; nil where the path leads elsewhere.
    private func standard(_ path: NodePath, of list: YAMLNode) -> YAMLNode? {
        guard path.components.count == 2, let term = terms(in: list).first(where: { $0.name == path.components[0].name }) else { return nil }
        let option = path.components[1].name
        let value = option == "weight" ? term.description.defaultWeight.map(OptionValue.number) : term.description[option: option]?.defaultValue
        return value.map { YAMLNode(.scalar(YAMLScalar(plain: $0.description)), at: path.components[1].location) }
    }

    private func row(_ node: YAMLNode, name: String, search: TuningSearch) -> Row? {
        let own = Parts(common: common.node, row: node)
        // The search of a benchmark begins with the values that the row has.
        for axis in search.axes where search.published?.beginsWithDefaults != true {
            // A value for all rows is still used by the others.
            guard let value = own.value(at: axis.path), value.location.lineText.hasPrefix("rows") else { continue }
            Expansion.refuseOverwritten(value, by: axis.path, key: "rows[\(name)].tune", faults: faults)
        }
        let known = faults.diagnostics.count
        let ends = search.ends.compactMap { candidate(own, name: name, values: $0, seeds: nil) }
        // A wrong end of a range is reported once, and not for every draw beyond it.
        let isWell = faults.diagnostics.count == known
        let candidates =
            isWell ? search.combinations.enumerated().compactMap { candidate(own, name: name, values: $1, seeds: search.seeds(ofCombination: $0)) } : ends
        guard !candidates.isEmpty else { return nil }
        let axes = search.axes.map { Row.GridAxis(path: $0.path.text, values: $0.values, range: $0.range, location: $0.location) }
        let (expected, expectedLocations) = expectations.values(of: name, row: node)
        let factors = SectionReader(node, name: "the row", at: node.location, faults: faults)?.factors
        return Row(
            name: name, factors: factors, grid: axes, budget: search.budget, search: search.published?.phrase, candidates: candidates,
            measurements: measurements.measurements([common.node["measure"], node["measure"]], owner: "row '\(name)'"),
            expected: expected, expectedLocations: expectedLocations, location: node.location)
    }

    private func candidate(_ parts: Parts, name: String, values: [Assignment], seeds: [Int]?) -> Row.Candidate? {
        var parts = parts
        for assignment in values {
            do throws(Diagnostic) {
                try parts.set(assignment)
            } catch {
                // What is wrong with the rest of the row is reported beside it.
                faults.report(error)
            }
        }
        let terms = regularizers.regularizers(parts.regularizers, owner: "row '\(name)'")
        let location = common.node.entry("training")?.keyLocation ?? common.location
        let section = SectionReader(parts.training, name: "training", at: location, faults: faults)
        // What is common to all rows has been read, and its faults reported, once.
        let ownModel = parts.model.map { node in
            SectionReader(node, name: "model", at: node.location, faults: faults).flatMap { models.model($0) }
        }
        let ownTask = parts.task.map { readTask($0, $0.location) }
        guard let training = training.training(section), let model = ownModel ?? self.model, let task = ownTask ?? self.task else { return nil }
        return Row.Candidate(
            values: values.map { ($0.path.text, $0.value) }, regularizers: terms, training: training, model: model, task: task, seeds: seeds)
    }

    /// What tuning can change, with the common part below the row's own.
    private struct Parts {
        var training: YAMLNode
        var regularizers: YAMLNode
        /// Nil where the row has nothing of its own to say about it.
        var model, task: YAMLNode?
        /// Those of all rows, for tuning that changes something in them.
        private let commonModel, commonTask: YAMLNode?

        init(common: YAMLNode, row: YAMLNode) {
            (commonModel, commonTask) = (common["model"], common["task"])
            model = row["model"].map { ModelReader.overlaid($0, on: common["model"]) }
            task = row["task"].map { (common["task"] ?? Self.standardTask(at: $0.location)).merged(with: $0) }
            let empty = YAMLNode(.map([]), at: row.location)
            training = common["training"] ?? empty
            if let own = row["training"] { training = training.merged(with: own) }
            let lists = [common["regularizers"], row["regularizers"]].compactMap { $0 }.filter { !$0.isNull }
            // Anything but a list is passed on alone, so that it is reported.
            regularizers =
                lists.first { $0.items == nil }
                ?? YAMLNode(.list(lists.flatMap { $0.items ?? [] }), at: lists.last?.location ?? row.location)
        }

        /// The task of a recipe that names none, for a row that gives options of it.
        private static func standardTask(at location: SourceLocation) -> YAMLNode {
            let name = YAMLNode(.scalar(YAMLScalar(quoted: Recipe.standardTask)), at: location)
            return YAMLNode(.map([YAMLNode.Entry(key: "use", keyLocation: location, value: name)]), at: location)
        }

        func value(at path: NodePath) -> YAMLNode? {
            let steps = path.components[...]
            switch steps.first?.name {
            case "training": return training.value(at: steps.dropFirst())
            case "model": return (model ?? commonModel)?.value(at: steps.dropFirst())
            case "task": return (task ?? commonTask)?.value(at: steps.dropFirst())
            case "regularizers": return regularizers.value(at: steps.dropFirst())
            default: return regularizers.value(at: steps)
            }
        }

        mutating func set(_ assignment: Assignment) throws(Diagnostic) {
            let path = assignment.path.components
            if path[0].name == "training" {
                try training.set(assignment.node, at: path.dropFirst())
            } else if path.count > 1, path[0].name == "model", var own = model ?? commonModel {
                try own.set(assignment.node, at: path.dropFirst())
                model = own
            } else if path.count > 1, path[0].name == "task", var own = task ?? commonTask {
                try own.set(assignment.node, at: path.dropFirst())
                task = own
            } else if path.count > 1 {
                try regularizers.set(assignment.node, at: path[0].name == "regularizers" ? path.dropFirst() : path[...])
            } else {
                throw Diagnostic(
                    "'\(path[0].name)' alone cannot be tuned", at: path[0].location,
                    expected: "a path such as \(path[0].name).weight")
            }
        }
    }
}

extension SectionReader {
    /// `factors:` of a row; an empty list where it has none of them.
    fileprivate var factors: [String]? {
        guard let node = node["factors"], !node.isNull else { return nil }
        if node.items?.isEmpty == true { return [] }
        return names("factors", of: "what is switched on")?.map(\.name)
    }
}
