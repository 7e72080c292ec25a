import Configuration

/// The whole models that a recipe may name. Regulus itself brings none: its models are made of encoders and a fusion.
public typealias ModelRegistry = ComponentRegistry<ModelContext, any ModelPlugin, OptionFault>

extension ModelRegistry {
    /// A registry that knows nothing.
    public init() { self.init(of: .models) }

    /// Adds a model under the name of its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<M: ModelPlugin>(_ type: M.Type) throws(DuplicateComponent) {
        try register(M.description) { (options, context) throws(OptionFault) in
            if let padded = context.padded.first, !M.leavesOutPadding {
                throw OptionFault(
                    option: nil, expected: "a model that leaves padding out, as sequences of \(padded) differ in length", found: M.description.name)
            }
            return try M(options: .decoding(options), context: context)
        }
    }
}
