import Configuration
import Networks
import Regularization
import Tensors

/// Multimodal jigsaw: embeddings are cut into parts, the parts of all modalities put into another
/// order, and a network has to tell which.
///
///     parts: each z_m cut into S equal ones, modality by modality;  order j of J: x_j = the parts in that order, side by side
///     penalty = CE(W' relu(W x_j + b) + b', j), mean over all J·N rows
///
/// The `J` orders are drawn once for a training, each another, out of all `(M·S)!`. The network is
/// trained and saved with the model. It reads the encoders' own output, `N×D_m`, before any change. NaN
/// gives NaN. Cost: `O(J·N·ΣD·width)`.
///
/// ```yaml
/// regularizers:
///   - jigsaw: {pieces: 4, orders: 64}
/// ```
///
/// Source: Dong et al., "Towards Multimodal Open-Set Domain Generalization and Adaptation through
/// Self-supervision", ECCV 2024 (MOOSA): S 4, J 128, width 512, weight 1. Its program lists all orders
/// in every step, which takes more memory than there is with three modalities.
public struct Jigsaw: RegularizerPlugin, AddsPenalty {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `S`, the parts of each embedding.
        public var pieces = 4

        /// `J`, how many orders there are to be told apart.
        public var orders = 128

        /// The width of the network's hidden layer.
        public var width = 512

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("pieces", \.pieces, in: 1...64, "number of parts of each embedding; it has to divide the width"),
                .integer("orders", \.orders, in: 2...4096, "number of orders of the parts that the network has to tell apart"),
                .integer("width", \.width, in: 1...65536, unit: "features", "width of the network's hidden layer"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "jigsaw",
            summary: "trains a network to recognize the order in which parts of all embeddings were shuffled",
            formula: "mean_{j,i} CE(W' relu(W x_j,i + b) + b', j),  x_j: the parts of all embeddings in order j",
            source: "Dong et al., Towards Multimodal Open-Set Domain Generalization and Adaptation, ECCV 2024 (MOOSA)",
            cost: "O(orders·N·ΣD·width)",
            search: [.linear("weight", 0...3, step: 0.1, of: .mmdgBench)],
            notes: ["Logged: accuracy."])
    }

    /// Embeddings and projections, whose widths the number of pieces has to divide.
    public static var places: [Place] { [.embedding, .projection] }

    private let pieces: Int
    /// For each order the parts in their places.
    private let orders: [[Int]]
    /// The network that tells the orders apart.
    private let hidden, output: Linear

    public var parts: Parts { ["hidden": hidden, "output": output] }

    /// - Throws: `OptionFault` where parts do not divide an embedding, or there are not so many orders, or
    ///   no room for a batch in all of them.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        for modality in context.modalities {
            guard let width = context.widths[modality], width % options.pieces != 0 || width < options.pieces else { continue }
            throw OptionFault(option: "pieces", expected: "a divisor of the width \(width) of \(modality)", found: "\(options.pieces)")
        }
        let count = context.modalities.count * options.pieces
        var possible = 1
        for factor in 2..<max(3, count + 1) where factor <= count && possible < options.orders { possible *= factor }
        guard possible >= options.orders else {
            throw OptionFault(option: "orders", expected: "at most \(possible), the orders of \(count) parts", found: "\(options.orders)")
        }
        try context.requireRoom(forRepeats: options.orders, option: "orders")
        pieces = options.pieces
        orders = Self.draw(options.orders, of: count, from: context.initializer["orders"].stream())
        hidden = Linear(context.widths.values.reduce(0, +), options.width, from: context.initializer["hidden"])
        output = Linear(options.width, options.orders, from: context.initializer["output"])
    }

    /// Different orders of `count` parts.
    static func draw(_ orders: Int, of count: Int, from stream: RandomStream) -> [[Int]] {
        var (stream, drawn, seen): (RandomStream, [[Int]], Set<[Int]>) = (stream, [], [])
        while drawn.count < orders {
            let order = stream.permutation(count)
            if seen.insert(order).inserted { drawn.append(order) }
        }
        return drawn
    }

    /// The cross-entropy of the orders that the network names; nil for an empty batch.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        guard step.batchSize > 0 else { return nil }
        let logits = output(hidden(Self.puzzles(step.originalEmbeddings.map(\.embedding.pooled), pieces: pieces, orders: orders), appliesReLU: true))
        let labels = orders.indices.flatMap { [Int](repeating: $0, count: step.batchSize) }
        let hits = zip(logits.argmax(axis: 1), labels).count { $0 == $1 }
        return Penalty(value: logits.crossEntropy(labels: labels), reports: [("accuracy", Float(hits) / Float(labels.count))])
    }

    /// `x`, the rows of all orders one after the other: `J·N×ΣD`.
    static func puzzles(_ embeddings: [Tensor], pieces: Int, orders: [[Int]]) -> Tensor {
        let parts = embeddings.flatMap { z in
            let width = z.shape[1] / pieces
            return (0..<pieces).map { z.slice(axis: 1, $0 * width..<($0 + 1) * width) }
        }
        return Tensor.concatenated(orders.map { order in Tensor.concatenated(order.map { parts[$0] }, axis: 1) }, axis: 0)
    }
}
