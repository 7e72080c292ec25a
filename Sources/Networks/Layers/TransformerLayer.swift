import Tensors

/// A transformer layer that normalizes before each part (Vaswani et al. 2017; Xiong et al. 2020), with the parameters and meaning of PyTorch's
/// `nn.TransformerEncoderLayer(norm_first=True, batch_first=True)`.
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

    /// - Parameters:
    ///   - width: E, a multiple of `heads`.
    ///   - hidden: width between the two linear maps.
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

    /// - Parameters:
    ///   - x: N×L×E.
    ///   - keyPaddingMask: N×L, 1 where a token is ignored by the others.
    /// - Returns: N×L×E.
    public func callAsFunction(_ x: Tensor, keyPaddingMask: Tensor? = nil, _ pass: Pass) -> Tensor {
        let u = x + attentionResult(attention.selfAttention(norm1(x), keyPaddingMask: keyPaddingMask, pass).output, pass)
        return u + result(linear2(hiddenResult(activation(linear1(norm2(u))), pass)), pass)
    }
}
