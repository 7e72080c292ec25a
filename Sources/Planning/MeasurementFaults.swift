import Analysis
import Configuration
import Datasets
import Networks
import Recipes
import Regularization
import Tensors
import Training

extension Planner {
    /// What of a measurement does not fit a row: it cannot be made of its task, or the other data set that it names, or should name, is none that
    /// the row's models can read.
    ///
    /// - Parameters:
    ///   - models: of the row's candidates.
    ///   - path: the item of `measure:`.
    func faults(of measurement: MeasurementChoice, for kind: TargetKind, models: [any MultimodalModel], at path: RecipePath) -> [RecipeFault] {
        let choice = measurement.choice
        let made: any MeasurementPlugin
        do throws(OptionFault) {
            made = try components.components.measurements.make(choice.component, options: choice.options, for: kind)
            try made.check(against: facts)
        } catch {
            return [RecipeFault(error, of: "measurement \(measurement.name)", at: path)]
        }
        if made.reads.contains(.unknown), recipe.evaluation.unknownClasses.isEmpty {
            return [
                RecipeFault(
                    path, "measurement \(measurement.name) needs samples of unknown classes, and the recipe names none",
                    expected: "evaluation: {unknown-classes: [...]}, of: " + facts.classes.joined(separator: ", "))
            ]
        }
        switch (made.reads.contains(.other), measurement.data) {
        case (false, nil): return []
        case (true, nil):
            return [
                RecipeFault(
                    path, "measurement \(measurement.name) compares the target with another data set, and names none",
                    expected: "data, as in \(choice.component): {data: {use: arrays, path: other.npz, modalities: [video, audio]}}")
            ]
        case (false, _?):
            return [
                RecipeFault(path["data"], "measurement \(measurement.name) uses no other data set than that of the study", expected: "nothing under 'data'")
            ]
        case (true, let data?): return faults(of: ComponentPlan(data), models: models, at: path["data"])
        }
    }

    /// Why models of this study's data cannot read another data set.
    private func faults(of other: ComponentPlan, models: [any MultimodalModel], at path: RecipePath) -> [RecipeFault] {
        guard other != ComponentPlan(recipe.data.source) else {
            return [RecipeFault(path, "these are the data that the models are trained on", expected: "another data set, or other options of this one")]
        }
        let found: [DatasetFacts.ModalityFacts]
        do throws(DatasetFault) {
            found = try components.dataset(other).dataset.facts.modalities
        } catch {
            return [RecipeFault(path[error.option ?? "use"], error.message, expected: error.expected, suggestion: error.suggestion)]
        }
        let read = Set(models.flatMap { $0.modalities.map(\.name) })
        return facts.modalities.filter { read.contains($0.name) }.compactMap { own -> RecipeFault? in
            let name = own.name
            guard let other = found.first(where: { $0.name == name }) else {
                let names = found.map(\.name)
                return RecipeFault(
                    path, "the models read '\(name)', which the other data set does not have",
                    expected: "data with '\(name)' of shape \(Shape(own.sampleShape)); these have " + names.joined(separator: ", "),
                    suggestion: nearestName(to: name, among: names))
            }
            guard other.sampleShape == own.sampleShape, own.isPadded || !other.isPadded else {
                let lengths = other.isPadded ? ", of different lengths" : ""
                return RecipeFault(
                    path,
                    "samples of '\(name)' have the shape \(Shape(own.sampleShape)), and those of the other data set \(Shape(other.sampleShape))\(lengths)",
                    expected: "data in whose samples '\(name)' has the shape \(Shape(own.sampleShape))")
            }
            return nil
        }
    }

    /// A measurement as trials have it. Another data set that cannot be opened is reported with the other faults.
    func plan(_ measurement: MeasurementChoice) -> MeasurementPlan {
        let foreignCode = components.components.foreignCode
        var plan = MeasurementPlan(ComponentPlan(measurement.choice), instance: measurement.name, foreignCode: foreignCode[measurement.choice.component])
        plan.modalities = measurement.modalities.map { $0.map { Modality($0) } }
        if let data = measurement.data.map({ ComponentPlan($0) }), let opened = try? components.dataset(data) {
            plan.other = MeasurementPlan.OtherData(data, fingerprint: opened.fingerprint, foreignCode: foreignCode[data.name])
        }
        return plan
    }
}
