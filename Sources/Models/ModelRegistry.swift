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
        try register(M.description) { (options, context) throws(OptionFault) in try M(options: .decoding(options), context: context) }
    }
}
