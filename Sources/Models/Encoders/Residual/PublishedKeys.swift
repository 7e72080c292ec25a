import Weights

/// How the keys of an encoder's published checkpoints differ from its own names.
struct PublishedKeys {
    /// What stands before the encoder's names.
    let prefix: String
    /// The classifier that the checkpoint holds beside the encoder, as patterns.
    let heads: [String]

    /// mmaction2: `{'meta': …, 'state_dict': {'backbone.…', 'cls_head.…'}}`.
    static let mmaction = PublishedKeys(prefix: "backbone.", heads: ["cls_head.*"])

    /// VGGSound: `{'model_state_dict': {'audnet.…'}}`, the classifier as `audnet.fc`.
    static let vggSound = PublishedKeys(prefix: "audnet.", heads: ["fc.weight", "fc.bias"])

    /// Where `torch.save` callers put a model's state.
    private static let dictionaries = ["state_dict", "model_state_dict"]

    /// How the keys of a file become the encoder's names.
    ///
    /// - Parameter prefix: what a recipe says; nil to find the published prefix, behind `module.` where the model was trained on several
    ///   processors, or none.
    func mapping(for file: WeightsFile, prefix: String?) -> KeyMapping {
        let dictionary = Self.dictionaries.first(where: file.dictionaries.contains)
        var keys = file.entries.map(\.name)
        if let dictionary {
            keys = keys.filter { $0.hasPrefix(dictionary + ".") }.map { String($0.dropFirst(dictionary.count + 1)) }
        }
        let candidates = prefix.map { [$0] } ?? ["module." + self.prefix, self.prefix, "module."]
        let found = candidates.first { candidate in keys.contains { $0.hasPrefix(candidate) } }
        // A prefix that a recipe gives and no key has is for the mapping to refuse.
        return KeyMapping(dictionary: dictionary, prefix: found ?? prefix)
    }
}
