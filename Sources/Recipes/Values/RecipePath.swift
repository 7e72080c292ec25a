/// The way to something in a recipe that a fault is about: `rows[2].regularizers[0].on`, `model.encoders.video.width`.
package struct RecipePath: Hashable, Sendable {
    package enum Step: Hashable, Sendable {
        case key(String)
        /// An item of a list, counted from 0.
        case item(Int)
    }

    package private(set) var steps: [Step]
    /// Which combination of the row's tuned values is meant, where the way leads through a row.
    package private(set) var candidate = 0

    package init(_ keys: String...) { steps = keys.map(Step.key) }

    /// A row, under one combination of its tuned values.
    package static func row(_ index: Int, candidate: Int = 0) -> RecipePath {
        var path = RecipePath("rows")[index]
        path.candidate = candidate
        return path
    }

    /// The way to a key of the section that this one leads to; itself for no key.
    package subscript(key: String?) -> RecipePath { key.map { appending(.key($0)) } ?? self }

    /// The way to an item of the list that this one leads to.
    package subscript(index: Int) -> RecipePath { appending(.item(index)) }

    private func appending(_ step: Step) -> RecipePath {
        var path = self
        path.steps.append(step)
        return path
    }
}

extension RecipePath: CustomStringConvertible {
    package var description: String {
        steps.reduce("") { text, step in
            switch step {
            case .key(let key): text.isEmpty ? key : "\(text).\(key)"
            case .item(let index): "\(text)[\(index)]"
            }
        }
    }
}

/// What is wrong with a recipe, by the way to what is wrong. `Recipe.diagnostic(_:)` shows it with its line.
package struct RecipeFault: Error, Hashable, Sendable {
    package let path: RecipePath
    /// What is wrong, without a full stop.
    package let message: String
    /// What would have been right, to be read after "expected".
    package let expected: String?
    /// The nearest thing that would have been right.
    package let suggestion: String?

    package init(_ path: RecipePath, _ message: String, expected: String? = nil, suggestion: String? = nil) {
        self.path = path
        self.message = message
        self.expected = expected
        self.suggestion = suggestion
    }
}

extension Recipe {
    /// A fault at its place in the file.
    package func diagnostic(_ fault: RecipeFault) -> Diagnostic {
        Diagnostic(fault.message, at: location(of: fault.path), expected: fault.expected, suggestion: fault.suggestion)
    }

    /// Where something stands; where it is left out, the nearest thing around it that is written.
    package func location(of path: RecipePath) -> SourceLocation {
        var steps = path.steps[...]
        guard case .key(let section)? = steps.popFirst() else { return location }
        switch section {
        case "data": return data.locations.nearest(to: steps) ?? data.source.location
        case "task": return task.location(of: steps.first?.name)
        case "model": return model.location(of: steps)
        case "evaluation" where steps.first?.name == "selection": return evaluation.selection.location(of: steps.dropFirst().first?.name)
        case "tuning" where steps.first?.name == "selection": return tuning.selection.location(of: steps.dropFirst().first?.name)
        case "choice":
            guard let choice else { return location }
            guard case .item(let index)? = steps.popFirst(), choice.selections.indices.contains(index) else { return choice.location }
            return choice.selections[index].location(of: steps.first?.name)
        case "evaluation": return evaluation.locations.nearest(to: steps) ?? evaluation.location
        case "tuning": return tuning.locations.nearest(to: steps) ?? tuning.location
        case "training": return training.location(of: steps)
        case "rows":
            guard case .item(let index)? = steps.popFirst(), rows.indices.contains(index) else { return location }
            return rows[index].location(of: steps, candidate: path.candidate)
        default: return location
        }
    }
}

extension ModelPlan {
    fileprivate func location(of steps: ArraySlice<RecipePath.Step>) -> SourceLocation {
        var rest = steps
        switch (rest.popFirst(), rest.popFirst()) {
        case (.key("encoders"), .key(let modality)):
            guard let choice = encoder(for: modality), let option = rest.first?.name else { break }
            return choice.location(of: option)
        case (.key("fusion"), let option): return fusion.location(of: option?.name)
        case (.key(let option), nil) where whole != nil && locations[option] == nil: return fusion.location
        default: break
        }
        return locations.nearest(to: steps) ?? location
    }
}

extension TrainingPlan {
    fileprivate func location(of steps: ArraySlice<RecipePath.Step>) -> SourceLocation {
        if steps.count > 2, let place = locations[steps.map { $0.name ?? "" }.joined(separator: ".")] { return place }
        guard let component = ["optimizer": optimizer, "schedule": schedule][steps.first?.name ?? ""] else {
            return locations.nearest(to: steps) ?? location
        }
        let option = steps.dropFirst().first?.name
        return option.flatMap { locations["\(steps.first?.name ?? "").\($0)"] } ?? component.location(of: option)
    }
}

extension Row {
    fileprivate func location(of steps: ArraySlice<RecipePath.Step>, candidate: Int) -> SourceLocation {
        var rest = steps
        let candidate = candidates.indices.contains(candidate) ? candidates[candidate] : candidates[0]
        switch rest.popFirst() {
        case .key("training"): return candidate.training.location(of: rest)
        case .key("model"): return candidate.model.location(of: rest)
        case .key("task"): return candidate.task.location(of: rest.first?.name)
        case .key("regularizers"):
            guard case .item(let index)? = rest.popFirst(), candidate.regularizers.indices.contains(index) else { break }
            return candidate.regularizers[index].location(of: rest)
        case .key("tune"):
            guard case .item(let index)? = rest.popFirst(), grid.indices.contains(index) else { break }
            return grid[index].location
        case .key("measure"):
            guard case .item(let index)? = rest.popFirst(), measurements.indices.contains(index) else { break }
            return measurements[index].location(of: rest)
        case .key("expect"): return rest.first?.name.flatMap { expectedLocations[$0] } ?? location
        default: break
        }
        return location
    }
}

extension RegularizerChoice {
    fileprivate func location(of steps: ArraySlice<RecipePath.Step>) -> SourceLocation {
        var rest = steps
        if case .key("terms")? = rest.popFirst(), case .item(let index)? = rest.popFirst(), terms.indices.contains(index) {
            return terms[index].location(of: rest)
        }
        return locations.nearest(to: steps) ?? choice.location
    }
}

extension MeasurementChoice {
    fileprivate func location(of steps: ArraySlice<RecipePath.Step>) -> SourceLocation {
        if steps.first?.name == "data", let data { return data.location(of: steps.dropFirst().first?.name) }
        return locations.nearest(to: steps) ?? choice.location
    }
}

extension RecipePath.Step {
    fileprivate var name: String? {
        if case .key(let name) = self { name } else { nil }
    }
}

extension [String: SourceLocation] {
    /// The place of the longest beginning of a way that has one.
    fileprivate func nearest(to steps: ArraySlice<RecipePath.Step>) -> SourceLocation? {
        var names = steps.map { $0.name ?? "" }
        while !names.isEmpty {
            if let location = self[names.joined(separator: ".")] { return location }
            names.removeLast()
        }
        return nil
    }
}
