import Configuration

extension Recipe {
    /// What of a recipe does not fit its data set: names of domains, modalities and columns that do not
    /// exist, too few domains.
    package func faults(against facts: DatasetFacts) -> [RecipeFault] {
        domainFaults(facts) + modalityFaults(facts) + measurementFaults(facts) + expectationFaults(facts)
    }

    private func domainFaults(_ facts: DatasetFacts) -> [RecipeFault] {
        let path = RecipePath("evaluation")
        let unknown = (evaluation.domains ?? []).filter { !facts.domains.contains($0) }
        let faults =
            unknown.map { RecipeFault(unknown: "domain", $0, at: path["domains"][$0], known: facts.domains) }
            + (evaluation.transfers ?? []).flatMap { transfer in
                (transfer.sources + [transfer.target]).filter { !facts.domains.contains($0) }.map {
                    RecipeFault(unknown: "domain", $0, at: path["transfers"][transfer.name], known: facts.domains)
                }
            }
        guard facts.domains.count >= (evaluation.trainingDomains == .trainedOnTarget ? 1 : 2) else {
            let isGiven = evaluation.locations["protocol"] != nil
            let fault = RecipeFault(
                isGiven ? path["protocol"] : RecipePath("data", "use"),
                "protocol \(evaluation.trainingDomains.rawValue) needs two domains, and the data set has \(facts.domains.count)",
                expected: "data with two domains or more")
            return faults + [fault]
        }
        return faults
    }

    private func modalityFaults(_ facts: DatasetFacts) -> [RecipeFault] {
        let own = rows.enumerated().flatMap { index, row in
            row.candidates.enumerated().filter { $0.element.model != model }.flatMap { number, candidate in
                candidate.model.faults(against: facts, at: RecipePath.row(index, candidate: number)["model"])
            }
        }
        return model.faults(against: facts, at: RecipePath("model")) + own
    }

    /// Modalities that measurements are to be about and that the data do not have. A row may leave out one that they have.
    private func measurementFaults(_ facts: DatasetFacts) -> [RecipeFault] {
        let known = facts.modalityNames + [MeasurementChoice.fused]
        return rows.enumerated().flatMap { index, row in
            row.measurements.enumerated().flatMap { number, measurement in
                (measurement.modalities ?? []).filter { !known.contains($0) }.map {
                    RecipeFault(unknown: "modality", $0, at: RecipePath.row(index)["measure"][number]["on"][$0], known: known)
                }
            }
        }
    }

    private func expectationFaults(_ facts: DatasetFacts) -> [RecipeFault] {
        let known = evaluation.columns(among: facts.domains) + [Row.average]
        return rows.enumerated().flatMap { index, row in
            row.expected.keys.filter { !known.contains($0) }.map {
                RecipeFault(unknown: "target", $0, at: RecipePath.row(index)["expect"][$0], known: known)
            }
        }
    }
}

extension ModelPlan {
    /// Modalities that do not exist, or that have no encoder.
    fileprivate func faults(against facts: DatasetFacts, at path: RecipePath) -> [RecipeFault] {
        let unknown = (modalities ?? []).filter { !facts.modalityNames.contains($0) }
        var faults = unknown.map { RecipeFault(unknown: "modality", $0, at: path["modalities"][$0], known: facts.modalityNames) }
        guard case .assembled(_, let encoders, _) = content else { return faults }
        let modalities = modalities(of: facts)
        // A modality that this model leaves out may have its encoder all the same: a sweep, or a recipe
        // that extends this one, may choose it.
        for name in encoders.keys.sorted() where !facts.modalityNames.contains(name) {
            faults.append(
                RecipeFault(
                    path["encoders"][name], "the model has no modality '\(printable(name))'",
                    expected: "one of: " + modalities.joined(separator: ", "), suggestion: nearestName(to: name, among: modalities)))
        }
        for modality in modalities where encoder(for: modality) == nil {
            faults.append(
                RecipeFault(
                    path, "there is no encoder for the modality '\(modality)'",
                    expected: "encoder, for all modalities, or encoders.\(modality)"))
        }
        return faults
    }
}

extension RecipeFault {
    /// A name that is not known, with the known ones and the nearest.
    fileprivate init(unknown kind: String, _ name: String, at path: RecipePath, known: [String]) {
        self.init(
            path, "unknown \(kind) '\(printable(name))'", expected: "one of: " + known.joined(separator: ", "),
            suggestion: nearestName(to: name, among: known))
    }
}
