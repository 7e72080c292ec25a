import Regularization

/// A measurement that looks for the same things on source validation samples and on target samples, in each set by itself.
package protocol MeasuresEachSet: MeasurementPlugin {
    /// Adds what there is to say about a model's outputs for one set.
    ///
    /// - Parameters:
    ///   - outputs: what the model makes of the set's samples, at least one.
    ///   - set: the validation or the target samples.
    ///   - model: the model.
    ///   - findings: what was found so far.
    /// - Throws: `Undefined` where nothing can be said of this set; the other one is measured all the same.
    func measure(_ outputs: ModelOutputs, on set: SampleSet, of model: TrainedModel, into findings: inout Findings) throws
}

extension MeasuresEachSet {
    package var reads: Set<SampleSet> { [.validation, .target] }

    package func measure(_ model: TrainedModel) throws -> Findings {
        var findings = Findings()
        for set in [SampleSet.validation, .target] {
            try findings.onEach(set, of: model) { findings, outputs in try measure(outputs, on: set, of: model, into: &findings) }
        }
        return findings
    }
}

extension Findings {
    /// Adds what `body` finds on a set; for a set that is empty, a number without a value that says so.
    mutating func onEach(_ set: SampleSet, of model: TrainedModel, _ body: (inout Findings, ModelOutputs) throws -> Void) throws {
        do {
            try body(&self, model.outputs(on: set))
        } catch let undefined as Undefined {
            // One such number is enough, however many things were to be measured on the set.
            let isKnown = numbers.contains { $0.name == "measurement" && $0.samples == set.rawValue }
            if !isKnown { add("measurement", of: nil, on: set, .failure(undefined)) }
        }
    }
}
