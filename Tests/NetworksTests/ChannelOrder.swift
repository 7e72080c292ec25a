import Tensors

extension Tensor {
    /// N×C×… as the fixtures hold it, to N×…×C as the layers read it.
    func channelsLast() -> Tensor { permuted([0] + Array(2..<rank) + [1]) }

    /// N×…×C to N×C×….
    func channelsFirst() -> Tensor { permuted([0, rank - 1] + Array(1..<rank - 1)) }
}
