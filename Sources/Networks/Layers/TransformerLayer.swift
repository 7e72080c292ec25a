import Tensors

/// A transformer layer that normalizes before each part (Vaswani et al. 2017; Xiong et al. 2020), with the parameters and meaning of PyTorch's
/// `nn.TransformerEncoderLayer(norm_first=True, activation="gelu", batch_first=True)` without dropout.
///
/// `u = x + attention(norm1(x))`, `y = u + linear2(gelu(linear1(norm2(u))))`.
public final class TransformerLayer: Module {
    private let norm1, norm2: LayerNormalization
    private let attention: MultiHeadAttention
    private let linear1, linear2: Linear

    public var parts: Parts {
        ["norm1": norm1, "self_attn": attention, "norm2": norm2, "linear1": linear1, "linear2": linear2]
    }

    /// - Parameters:
    ///   - width: E, a multiple of `heads`.
    ///   - hidden: width between the two linear maps.
    public init(_ width: Int, heads: Int, hidden: Int, from initializer: Initializer) {
        norm1 = LayerNormalization([width], from: initializer["norm1"])
        attention = MultiHeadAttention(width, heads: heads, from: initializer["self_attn"])
        norm2 = LayerNormalization([width], from: initializer["norm2"])
        linear1 = Linear(width, hidden, from: initializer["linear1"])
        linear2 = Linear(hidden, width, from: initializer["linear2"])
    }

    /// - Parameters:
    ///   - x: N×L×E.
    ///   - keyPaddingMask: N×L, 1 where a token is ignored by the others.
    /// - Returns: N×L×E.
    public func callAsFunction(_ x: Tensor, keyPaddingMask: Tensor? = nil, _ pass: Pass) -> Tensor {
        let u = x + attention.selfAttention(norm1(x), keyPaddingMask: keyPaddingMask, pass).output
        return u + linear2(linear1(norm2(u)).gelu())
    }
}
