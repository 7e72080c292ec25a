import Configuration

/// What a recipe may name: everything that reading a recipe needs to know of the program, as plain values.
package struct Catalogue: Sendable {
    private let descriptions: [ComponentKind: [ComponentDescription]]

    /// - Parameter descriptions: what is told about the components of each kind.
    package init(_ descriptions: (ComponentKind) -> [ComponentDescription]) {
        self.descriptions = Dictionary(uniqueKeysWithValues: ComponentKind.allCases.map { ($0, descriptions($0)) })
    }

    package subscript(kind: ComponentKind) -> [ComponentDescription] { descriptions[kind] ?? [] }

    /// The components that have an option, each as `optimizer sgd`, those of one kind first.
    func owners(of option: String, preferring kind: ComponentKind) -> [String] {
        let kinds = [kind] + ComponentKind.allCases.filter { $0 != kind }
        return kinds.flatMap { kind in self[kind].filter { $0[option: option] != nil }.map { "\(kind.noun) \($0.name)" } }
    }
}
