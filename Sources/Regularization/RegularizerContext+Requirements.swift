import Configuration

extension RegularizerContext {
    /// For regularizers between modalities.
    ///
    /// - Throws: `OptionFault` where there is only one.
    public func requireSeveralModalities() throws(OptionFault) {
        guard modalities.count < 2 else { return }
        throw OptionFault(option: nil, expected: "at least two modalities", found: modalities.map(\.name).joined(separator: ", "))
    }

    /// For regularizers that hand embeddings back to the model, which fuses whole ones only.
    ///
    /// - Throws: `OptionFault` where the term sees a part of the embeddings.
    public func requireWholeEmbeddings() throws(OptionFault) {
        for modality in modalities {
            guard let seen = widths[modality], let whole = model.embeddingWidths[modality], seen != whole else { continue }
            throw OptionFault(option: "part", expected: "whole", found: "\(seen) of the \(whole) entries of \(modality)")
        }
    }

    /// A number for each modality, from an option such as `factors: [audio=0.5]`.
    ///
    /// - Parameters:
    ///   - entries: the option's value, each entry `name=number` with a number from 0 up.
    ///   - standard: the number of modalities that no entry names.
    /// - Throws: `OptionFault` of the option `factors` where an entry is of another form, names no modality, or one twice.
    public func factors(_ entries: [String], default standard: Double) throws(OptionFault) -> [Modality: Double] {
        let names = modalities.map(\.name)
        var factors: [Modality: Double] = [:]
        for entry in entries {
            let sides = entry.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, let factor = Double(sides[1]), factor >= 0, factor.isFinite else {
                throw OptionFault(option: "factors", expected: "name=number with a number from 0 up", found: entry)
            }
            guard names.contains(sides[0]) else {
                throw OptionFault(
                    option: "factors", expected: "modalities of the term: \(names.joined(separator: ", "))", found: sides[0],
                    suggestion: nearestName(to: sides[0], among: names))
            }
            guard factors.updateValue(factor, forKey: Modality(sides[0])) == nil else {
                throw OptionFault(option: "factors", expected: "each modality once", found: "\(sides[0]) twice")
            }
        }
        for modality in modalities where factors[modality] == nil { factors[modality] = standard }
        return factors
    }
}
