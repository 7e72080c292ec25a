import Configuration
import Datasets
import Networks
import Regularization
import Results
import Training

/// What a study's models and terms consist of, as plain values: what `check` prints of them.
package struct StudyOutline: Sendable, Hashable, Codable {
    /// One part of a model, or one term of a row.
    package struct Module: Sendable, Hashable, Codable {
        /// The row that the term, or the model of its own, belongs to; nil for a part of the common
        /// model.
        package var row: String?
        /// `encoders.video`, `fusion`, or the term's name.
        package var name: String
        /// Values that gradients train.
        package var trained: Int
        /// Values that stay as they were read.
        package var frozen: Int
        /// The variants of a sweep that have it, as `path = value`; empty where all of them do.
        package var variants: [String] = []
    }

    /// A covariance that a term reads: of `samples` samples over `features` features.
    package struct Covariance: Sendable, Hashable, Codable {
        package var row: String
        /// The term's name, with that of the sum in front that it stands in.
        package var term: String
        /// What the term acts on.
        package var place: String
        /// `whole`, `shared` or `specific`.
        package var part: String
        package var modality: String
        /// `N`, the rows of a batch after balancing.
        package var samples: Int
        /// `D`, the width of what the term sees.
        package var features: Int

        /// Whether there are more samples than features, so that the matrix can have full rank.
        package var hasMoreSamples: Bool { samples > features }
    }

    package var modules: [Module] = []
    package var covariances: [Covariance] = []

    /// The variants whose rows were added so far, the last one being that of the next row.
    private var variants: [String] = []

    init() {}

    /// Begins the rows of a variant.
    ///
    /// - Parameter settings: the paths and values that make it; none in a study without a sweep.
    mutating func begin(variant settings: [(path: String, value: String)]) {
        let label = settings.map(VariantSettings.phrase).joined(separator: ", ")
        if variants.last != label { variants.append(label) }
    }

    /// Leaves out the variants of what all variants have.
    mutating func finish() {
        for index in modules.indices where modules[index].variants.count == variants.count { modules[index].variants = [] }
    }

    /// Adds a row of the variant that was begun last; what is listed already is not repeated.
    ///
    /// - Parameter isOwn: whether the model is the row's own.
    mutating func add(_ row: String, model: any MultimodalModel, isOwn: Bool, terms: [RegularizerTerm], samples: [Int]) {
        for (name, group) in model.groups { add(Module(row: isOwn ? row : nil, name: name, group)) }
        for term in terms {
            let module = Module(row: row, name: term.instance, term.parts.contents.entries)
            if module.trained + module.frozen > 0 { add(module) }
            addCovariances(of: term, prefix: "", row: row, samples: samples)
        }
    }

    private mutating func add(_ module: Module) {
        let same = modules.firstIndex {
            ($0.row, $0.name, $0.trained, $0.frozen) == (module.row, module.name, module.trained, module.frozen)
        }
        let index = same ?? modules.endIndex
        if same == nil { modules.append(module) }
        if let variant = variants.last, modules[index].variants.last != variant { modules[index].variants.append(variant) }
    }

    private mutating func addCovariances(of term: RegularizerTerm, prefix: String, row: String, samples: [Int]) {
        for inner in term.terms { addCovariances(of: inner, prefix: "\(prefix)\(term.instance).", row: row, samples: samples) }
        for (modality, width) in term.widths.sorted(by: { $0.key < $1.key }) {
            for count in samples.compactMap(term.covarianceSamples) {
                let covariance = Covariance(
                    row: row, term: prefix + term.instance, place: term.place.rawValue, part: term.part.rawValue, modality: modality.name,
                    samples: count, features: width)
                if !covariances.contains(covariance) { covariances.append(covariance) }
            }
        }
    }
}

extension StudyOutline.Module {
    fileprivate init(row: String? = nil, name: String, _ entries: [(name: String, entry: ModuleContents.Entry)]) {
        var (trained, frozen) = (0, 0)
        var seen: Set<ObjectIdentifier> = []
        for case (_, .parameter(let parameter)) in entries where seen.insert(ObjectIdentifier(parameter)).inserted {
            if parameter.isTrained { trained += parameter.elementCount } else { frozen += parameter.elementCount }
        }
        self.init(row: row, name: name, trained: trained, frozen: frozen)
    }
}

extension MultimodalModel {
    /// Parameters by the part that they belong to: an encoder by its modality, anything else by the first name of its path.
    fileprivate var groups: [(name: String, entries: [(name: String, entry: ModuleContents.Entry)])] {
        var names: [String] = []
        var groups: [String: [(name: String, entry: ModuleContents.Entry)]] = [:]
        for entry in contents.entries {
            let path = entry.name.split(separator: ".")
            let name = path.prefix(path.first == "encoders" && path.count > 2 ? 2 : 1).joined(separator: ".")
            if groups[name] == nil { names.append(name) }
            groups[name, default: []].append(entry)
        }
        return names.map { ($0, groups[$0] ?? []) }
    }
}
