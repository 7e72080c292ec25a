/// A plug-in's name as recipes write it, and as a Swift type.
package struct PluginName: Hashable, Sendable {
    /// `entropy-bonus`.
    package let kebab: String
    /// `EntropyBonus`.
    package let type: String

    /// - Returns: nil for anything but lowercase letters, digits and single hyphens between them, beginning with a letter.
    package init?(_ kebab: String) {
        let words = kebab.split(separator: "-", omittingEmptySubsequences: false)
        let isLegal = words.allSatisfy { word in
            !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        }
        guard isLegal, kebab.utf8.count <= 64, let first = kebab.utf8.first, (0x61...0x7A).contains(first) else { return nil }
        self.kebab = kebab
        type = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// A name that may also be a type's already.
    init?(typed name: String) {
        if let plugin = PluginName(name) {
            self = plugin
        } else if Self.isIdentifier(name) {
            (kebab, type) = (name.lowercased(), name)
        } else {
            return nil
        }
    }

    /// Whether a module can be called so.
    static func isIdentifier(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F
        }
    }
}
