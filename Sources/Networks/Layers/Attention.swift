import Tensors

/// Multi-head attention (Vaswani et al. 2017) with the parameters and meaning of PyTorch's
/// `nn.MultiheadAttention`, batch first.
///
/// Per head `softmax(q kᵀ/√(E/h)) v`; the heads' results stand side by side and go through `out_proj`.
/// Parameters: `in_proj_weight` (3E×E, the rows of queries, keys and values below each other; Glorot's
/// uniform rule), `in_proj_bias` (3E, zeros), `out_proj.weight` (E×E), `out_proj.bias` (E, zeros).
public final class MultiHeadAttention: Module {
    /// The embedding width E.
    public let width: Int
    /// The number of heads h; it divides the width.
    public let heads: Int
    /// Query, key and value maps, one below the other: `3D×D`.
    public let inputWeight: Parameter
    /// Their shifts, `3D`.
    public let inputBias: Parameter
    /// The map after the heads are joined.
    public let output: Linear
    private let dropout: Dropout

    public var parts: Parts {
        ["in_proj_weight": inputWeight, "in_proj_bias": inputBias, "out_proj": output]
    }

    /// Makes a layer whose weights are drawn by Glorot's uniform rule and whose biases are 0.
    ///
    /// - Parameters:
    ///   - width: E, a multiple of `heads`.
    ///   - heads: h, at least 1.
    ///   - dropout: the probability with which an attention weight is dropped in training.
    public init(_ width: Int, heads: Int, dropout: Float = 0, from initializer: Initializer) {
        require(
            heads > 0 && width > 0 && width % heads == 0,
            "MultiHeadAttention: \(heads) heads must divide the width \(width)")
        self.width = width
        self.heads = heads
        inputWeight = Parameter(
            initializer["in_proj_weight"].xavierUniform([3 * width, width], fanIn: width, fanOut: 3 * width))
        inputBias = Parameter(.zeros([3 * width]))
        output = Linear(width, width, from: initializer["out_proj"])
        output.bias?.value = .zeros([width])
        self.dropout = Dropout(dropout, stream: initializer["dropout"].path)
    }

    /// Attends from `query` to `key` and reads `value`.
    ///
    /// - Parameters:
    ///   - query: N×Q×E.
    ///   - key: N×K×E.
    ///   - value: N×K×E.
    ///   - keyPaddingMask: N×K, 1 where a key is ignored. A sample with every key ignored attends to
    ///     all alike.
    /// - Returns: N×Q×E.
    public func callAsFunction(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, keyPaddingMask: Tensor? = nil, _ pass: Pass
    ) -> Tensor {
        attention(query, key, value, keyPaddingMask: keyPaddingMask, pass).output
    }

    /// The same, with the attention weights.
    ///
    /// - Returns: the output, N×Q×E, and the weights before dropout, N×h×Q×K.
    public func attention(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, keyPaddingMask: Tensor? = nil, _ pass: Pass
    ) -> (output: Tensor, weights: Tensor) {
        attend(
            project(query, 0..<1)[0], project(key, 1..<2)[0], project(value, 2..<3)[0], keyPaddingMask, pass)
    }

    /// Attends from a sequence to itself, with one matrix product for queries, keys and values.
    ///
    /// - Parameter x: N×L×E.
    /// - Returns: the output, N×L×E, and the weights before dropout, N×h×L×L.
    public func selfAttention(
        _ x: Tensor, keyPaddingMask: Tensor? = nil, _ pass: Pass
    ) -> (output: Tensor, weights: Tensor) {
        let projected = project(x, 0..<3)
        return attend(projected[0], projected[1], projected[2], keyPaddingMask, pass)
    }

    /// Attends from `query` to another sequence, with one matrix product for keys and values.
    ///
    /// - Parameters:
    ///   - query: N×Q×E.
    ///   - source: N×K×E, the keys and values.
    /// - Returns: the output, N×Q×E, and the weights before dropout, N×h×Q×K.
    public func crossAttention(
        _ query: Tensor, over source: Tensor, keyPaddingMask: Tensor? = nil, _ pass: Pass
    ) -> (output: Tensor, weights: Tensor) {
        let projected = project(source, 1..<3)
        return attend(project(query, 0..<1)[0], projected[0], projected[1], keyPaddingMask, pass)
    }

    /// Projects with some of the three blocks of `in_proj_weight` and splits into heads: N×h×L×(E/h)
    /// each.
    private func project(_ x: Tensor, _ blocks: Range<Int>) -> [Tensor] {
        require(
            x.rank == 3 && x.shape[2] == width,
            "MultiHeadAttention: expected N×L×\(width), found \(x.shape)")
        let rows = blocks.lowerBound * width..<blocks.upperBound * width
        let whole = blocks.count == 3
        let weight = whole ? inputWeight.value : inputWeight.value.slice(axis: 0, rows)
        let bias = whole ? inputBias.value : inputBias.value.slice(axis: 0, rows)
        let (samples, length) = (x.shape[0], x.shape[1])
        let split = x.linear(weight: weight, bias: bias)
            .reshaped([samples, length, blocks.count * heads, width / heads])
            .permuted([0, 2, 1, 3])
        guard blocks.count > 1 else { return [split] }
        return (0..<blocks.count).map { split.slice(axis: 1, $0 * heads..<($0 + 1) * heads) }
    }

    private func attend(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, _ keyPaddingMask: Tensor?, _ pass: Pass
    ) -> (output: Tensor, weights: Tensor) {
        let (samples, length) = (query.shape[0], query.shape[2])
        let scale = 1 / Float(width / heads).squareRoot()
        var scores = (query * scale).matmul(key, transposingRight: true)
        if let mask = keyPaddingMask {
            require(
                mask.shape == [samples, key.shape[2]],
                "MultiHeadAttention: expected a key padding mask of \(samples)×\(key.shape[2]), found \(mask.shape)")
            // Far below any score, and finite, so that a sample with nothing left gives numbers and not NaN.
            scores = scores + (mask * -1e9).reshaped([samples, 1, 1, key.shape[2]])
        }
        let weights = scores.softmax(axis: -1)
        let mixed = dropout(weights, pass).matmul(value).permuted([0, 2, 1, 3]).reshaped([samples, length, width])
        return (output(mixed), weights)
    }
}

/// A transformer layer that normalizes before each part (Vaswani et al. 2017; Xiong et al. 2020), with
/// the parameters and meaning of PyTorch's `nn.TransformerEncoderLayer(norm_first=True,
/// batch_first=True)`.
///
/// `u = x + drop(attention(norm1(x)))`, `y = u + drop(linear2(drop(f(linear1(norm2(u))))))` with f the activation.
public final class TransformerLayer: Module {
    private let norm1, norm2: LayerNormalization
    private let attention: MultiHeadAttention
    private let linear1, linear2: Linear
    private let activation: Activation
    private let attentionResult, hiddenResult, result: Dropout

    public var parts: Parts {
        ["norm1": norm1, "self_attn": attention, "norm2": norm2, "linear1": linear1, "linear2": linear2]
    }

    /// Makes a layer.
    ///
    /// - Parameters:
    ///   - width: E, a multiple of `heads`.
    ///   - heads: the number of attention heads.
    ///   - hidden: the width between the two linear maps.
    ///   - activation: f, between the two.
    ///   - dropout: the rate of the three dropouts.
    ///   - attentionDropout: the rate at which weights of attention are dropped.
    public init(
        _ width: Int, heads: Int, hidden: Int, activation: Activation.Function = .gelu, dropout: Float = 0, attentionDropout: Float = 0,
        from initializer: Initializer
    ) {
        norm1 = LayerNormalization([width], from: initializer["norm1"])
        attention = MultiHeadAttention(width, heads: heads, dropout: attentionDropout, from: initializer["self_attn"])
        norm2 = LayerNormalization([width], from: initializer["norm2"])
        linear1 = Linear(width, hidden, from: initializer["linear1"])
        linear2 = Linear(hidden, width, from: initializer["linear2"])
        self.activation = Activation(activation)
        attentionResult = Dropout(dropout, stream: initializer["dropout1"].path)
        hiddenResult = Dropout(dropout, stream: initializer["dropout"].path)
        result = Dropout(dropout, stream: initializer["dropout2"].path)
    }

    /// Applies the layer. Tokens that the mask ignores are still transformed; only the others do not
    /// attend to them.
    ///
    /// - Parameters:
    ///   - x: N×L×E.
    ///   - keyPaddingMask: N×L, 1 where the other tokens ignore a token.
    /// - Returns: N×L×E.
    public func callAsFunction(_ x: Tensor, keyPaddingMask: Tensor? = nil, _ pass: Pass) -> Tensor {
        let u = x + attentionResult(attention.selfAttention(norm1(x), keyPaddingMask: keyPaddingMask, pass).output, pass)
        return u + result(linear2(hiddenResult(activation(linear1(norm2(u))), pass)), pass)
    }
}
