import Configuration

/// The fusions that a recipe may name.
public typealias FusionRegistry = ComponentRegistry<FusionContext, any Fusion, OptionFault>

extension FusionRegistry {
    /// A registry that knows nothing.
    public init() { self.init(of: .fusions) }

    /// The fusions of this folder, `late` first.
    public static func standard() throws(DuplicateComponent) -> FusionRegistry {
        var registry = FusionRegistry()
        try registry.register(LateFusion.self)
        try registry.register(CrossAttentionFusion.self)
        try registry.register(SumFusion.self)
        try registry.register(GatedFusion.self)
        try registry.register(FiLMFusion.self)
        try registry.register(TensorFusion.self)
        try registry.register(LowRankTensorFusion.self)
        try registry.register(MultiplicativeFusion.self)
        try registry.register(BottleneckFusion.self)
        try registry.register(BottleneckTokensFusion.self)
        try registry.register(EnsembleFusion.self)
        return registry
    }

    /// Adds a fusion under the name of its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<F: FusionPlugin>(_ type: F.Type) throws(DuplicateComponent) {
        try register(F.description) { (options, context) throws(OptionFault) in try F(options: .decoding(options), context: context) }
    }
}
