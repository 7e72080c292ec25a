import Configuration
import Foundation
import Networks
import Weights

/// What an encoder starts from instead of random values: the options that every encoder has in a recipe besides its own.
///
/// The file is a checkpoint of a run, of which the encoder of one modality is taken, or holds the encoder's state under its own names:
/// safetensors, or what `torch.save` wrote. It is read after the encoder was made, so that encoders need to know nothing of files.
/// An encoder whose options include one named `weights` loads them itself.
///
/// ```yaml
/// model:
///   encoder: {use: series-resnet, weights: runs/first/trials/Fusion/2/1/checkpoint.safetensors, weights-of: gyroscope}
/// ```
public struct StartingWeights: ComponentOptions, Hashable {
    /// A file of weights to start from; nil for random ones.
    public var weights: String?
    /// The modality whose encoder is taken from a checkpoint of a run; nil for the one that the encoder is of.
    public var modality: String?
    /// What is removed from the beginning of the file's keys; nil to remove the published prefix where
    /// the keys have it.
    public var keyPrefix: String?
    /// Names of parameters that may be missing from the file or have another shape there; `*` stands
    /// for any characters.
    public var allowMissing: [String] = []

    /// Random weights.
    public init() {}

    public static var fields: [OptionField<StartingWeights>] {
        [
            .path("weights", \.weights, "file of weights to start from: a checkpoint of a run, safetensors or PyTorch"),
            .text("weights-of", \.modality, "modality whose encoder is taken from a checkpoint of a run; null for the same modality"),
            .text("key-prefix", \.keyPrefix, "prefix that is removed from the keys of the file; null for the prefix of the published file"),
            .texts(
                "allow-missing", \.allowMissing,
                "names that may be missing, unexpected or of another shape in the file, with everything below them; * stands for any characters"),
        ]
    }
}

extension StartingWeights {
    /// The names of these options.
    package static var names: [String] { fields.map(\.name) }

    /// How the weights fitted that an encoder started from, for those who tell of it.
    ///
    /// - Parameters:
    ///   - encoder: one that was made with `options`.
    ///   - modality: the modality that it is of.
    /// - Returns: the file as the options name it, and what of it fitted; nil where the encoder started from random weights.
    package static func report(
        of encoder: any Encoder, options: [String: OptionValue], modality: String?
    ) -> (file: String, report: LoadReport)? {
        guard let type = type(of: encoder) as? any EncoderPlugin.Type, let start = try? dividing(options, besideOwn: type.loadsItsOwnWeights).beside,
            let source = try? start.source(for: modality, published: type.publishedKeys)
        else { return nil }
        let found = (try? source.file.taken(by: source.mapping)) ?? []
        return (
            source.file.path,
            LoadReport(
                expected: encoder.parts.layout.map { (name: $0.name, shape: $0.shape.dimensions) },
                found: found.map { (name: $0.name, shape: $0.entry.shape) })
        )
    }

    /// Loads the weights that the options name, if they name any.
    ///
    /// - Parameters:
    ///   - parts: the encoder's parts.
    ///   - modality: the modality that the encoder is of.
    ///   - published: how the keys of published checkpoints differ from the encoder's names.
    /// - Throws: `OptionFault` where the file cannot be read, or does not fit and no exceptions allow
    ///   it; it names the modalities that a checkpoint has, and how its encoder was made.
    func load(into parts: Parts, of modality: String?, published: PublishedKeys) throws(OptionFault) {
        guard let source = try source(for: modality, published: published) else { return }
        guard !parts.layout.isEmpty else {
            throw OptionFault(option: "weights", expected: "no weights, as this encoder has no parameters", found: source.file.path, suggestion: "null")
        }
        let exceptions = published.heads + allowMissing.flatMap { [$0, $0 + ($0.hasSuffix(".") ? "*" : ".*")] }
        do {
            let (tensors, _) = try source.file.state(for: parts.layout, mapping: source.mapping, exceptions: exceptions)
            // Tensors without a parameter have been dropped by now.
            try parts.load(tensors, exceptions: exceptions)
        } catch let fault as WeightsFault {
            throw Self.unreadable(fault)
        } catch {
            throw OptionFault(
                option: "weights", expected: "weights for every parameter, or exceptions in allow-missing" + source.hint,
                found: "\(source.file.path): \(error)")
        }
    }

    /// The fault of a file of weights that is missing, damaged or of no known format.
    ///
    /// - Parameter suggestion: a file that may have been meant.
    private static func unreadable(_ fault: WeightsFault, suggestion: String? = nil) -> OptionFault {
        var unreadable = OptionFault(option: "weights", expected: "a readable file of weights", found: fault.description, suggestion: suggestion)
        unreadable.unreadable = fault.cause
        return unreadable
    }

    /// An opened file, and how its keys become the encoder's names.
    private struct Source {
        let file: WeightsFile
        let mapping: KeyMapping
        /// How the encoder of a checkpoint was made, as the end of a sentence.
        var hint = ""
    }

    private func source(for modality: String?, published: PublishedKeys) throws(OptionFault) -> Source? {
        guard let weights else { return nil }
        let file: WeightsFile
        do throws(WeightsFault) { file = try WeightsFile(weights) } catch {
            throw Self.unreadable(error, suggestion: CheckpointEncoders.firstCheckpoint(in: weights))
        }
        guard let checkpoint = CheckpointEncoders(file) else {
            guard self.modality == nil else {
                throw OptionFault(
                    option: "weights-of", expected: "null, as \(weights) is no checkpoint of a run", found: self.modality ?? "", suggestion: "null")
            }
            return Source(file: file, mapping: published.mapping(for: file, prefix: keyPrefix))
        }
        guard let encoders = checkpoint.encoders else {
            throw OptionFault(option: "weights", expected: "a checkpoint of encoders and a fusion", found: "\(weights): the checkpoint of a whole model")
        }
        let names = encoders.keys.sorted()
        guard let wanted = self.modality ?? modality, let encoder = encoders[wanted] else {
            throw OptionFault(
                option: "weights-of", expected: "a modality of \(weights): " + names.joined(separator: ", "), found: self.modality ?? modality ?? "null",
                suggestion: nearestName(to: self.modality ?? modality ?? "", among: names) ?? (names.count == 1 ? names[0] : nil))
        }
        return Source(
            file: file, mapping: KeyMapping(dictionary: "encoders.\(wanted)", prefix: keyPrefix),
            hint: "; the encoder of \(wanted) there is \(encoder.text)")
    }
}

extension EncoderPlugin {
    /// Whether the type declares an option `weights` of its own.
    static var loadsItsOwnWeights: Bool { Options.fields.contains { $0.name == "weights" } }
}

/// What the checkpoint of a run says of its encoders, in the header of its file.
private struct CheckpointEncoders: Decodable {
    /// An encoder as a recipe names it.
    struct Component: Decodable {
        let use: String
        let options: [String: OptionValue]

        /// `{use: series-resnet, embedding: 32, width: 16}`.
        var text: String {
            let values = options.filter { !StartingWeights.names.contains($0.key) }.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            return "{" + (["use: " + use] + values).joined(separator: ", ") + "}"
        }
    }

    /// By modality; nil for a whole model.
    let encoders: [String: Component]?

    /// Nil where the file is not the checkpoint of a run.
    init?(_ file: WeightsFile) {
        guard let text = file.metadata.first(where: { $0.name == "model" })?.text,
            let read = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)), read.encoders != nil || !file.entries.isEmpty
        else { return nil }
        self = read
    }

    /// The first checkpoint of a run folder, for those who name the folder; nil where there is none.
    static func firstCheckpoint(in folder: String, depth: Int = 4) -> String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
        let checkpoint = "checkpoint.safetensors"
        if names.contains(checkpoint) { return folder + "/" + checkpoint }
        guard depth > 0 else { return nil }
        for name in names where depth < 4 || name == "trials" {
            if let found = firstCheckpoint(in: folder + "/" + name, depth: depth - 1) { return found }
        }
        return nil
    }
}

/// How the keys of an encoder's published checkpoints differ from its own names.
public struct PublishedKeys: Hashable, Sendable {
    /// What precedes the encoder's names; empty where nothing does.
    public let prefix: String
    /// The classifier that the checkpoint holds besides the encoder, as patterns in which `*` stands for any characters.
    public let heads: [String]

    /// - Parameters:
    ///   - prefix: what precedes the encoder's names.
    ///   - heads: names that may be in the file without a parameter, as patterns.
    public init(prefix: String = "", heads: [String] = []) {
        self.prefix = prefix
        self.heads = heads
    }

    /// mmaction2: `{'meta': …, 'state_dict': {'backbone.…', 'cls_head.…'}}`.
    static let mmaction = PublishedKeys(prefix: "backbone.", heads: ["cls_head.*"])

    /// VGGSound: `{'model_state_dict': {'audnet.…'}}`, the classifier as `audnet.fc`.
    static let vggSound = PublishedKeys(prefix: "audnet.", heads: ["fc.weight", "fc.bias"])

    /// Where `torch.save` callers put a model's state.
    private static let dictionaries = ["state_dict", "model_state_dict"]

    /// How the keys of a file become the encoder's names.
    ///
    /// - Parameter prefix: what a recipe gives; nil to find the published prefix, behind `module.`
    ///   where the model was trained on several processors.
    func mapping(for file: WeightsFile, prefix: String?) -> KeyMapping {
        let dictionary = Self.dictionaries.first(where: file.dictionaries.contains)
        var keys = file.entries.map(\.name)
        if let dictionary {
            keys = keys.filter { $0.hasPrefix(dictionary + ".") }.map { String($0.dropFirst(dictionary.count + 1)) }
        }
        let candidates = prefix.map { [$0] } ?? (self.prefix.isEmpty ? [] : ["module." + self.prefix, self.prefix]) + ["module."]
        let found = candidates.first { candidate in keys.contains { $0.hasPrefix(candidate) } }
        // Where a recipe gives a prefix that no key has, the mapping refuses it.
        return KeyMapping(dictionary: dictionary, prefix: found ?? prefix)
    }
}
