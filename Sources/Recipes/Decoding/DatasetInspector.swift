import Configuration

/// Looks into data sets, once into each, however many variants share it.
final class DatasetInspector {
    private struct Key: Hashable {
        let component: String
        let options: [String: OptionValue]
    }

    private let catalogue: Catalogue
    private let faults: FaultCollector
    private var known: [Key: Result<DatasetFacts, DatasetFault>] = [:]

    init(catalogue: Catalogue, faults: FaultCollector) {
        self.catalogue = catalogue
        self.faults = faults
    }

    /// What a data set holds; nil, and reported, where it cannot be read. Data whose options are at fault are not opened.
    func facts(of data: DataPlan, section: SectionReader) -> DatasetFacts? {
        let given = section.node["data"]?.entries?.map(\.key) ?? []
        let description = catalogue.datasets.first { $0.name == data.source.component }
        for option in description?.options ?? [] {
            let isGiven = given.contains(option.name)
            if (isGiven || option.isRequired) && data.source.options[option.name] == nil { return nil }
        }
        let key = Key(component: data.source.component, options: data.source.options)
        let result = known[key] ?? look(data.source)
        known[key] = result
        switch result {
        case .success(let facts):
            return facts
        case .failure(let fault):
            faults.report(
                fault.message, at: data.source.location(of: fault.option), expected: fault.expected, suggestion: fault.suggestion)
            return nil
        }
    }

    private func look(_ source: ComponentChoice) -> Result<DatasetFacts, DatasetFault> {
        do throws(DatasetFault) {
            return .success(try catalogue.inspect(source))
        } catch {
            return .failure(error)
        }
    }
}
