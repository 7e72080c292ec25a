extension Tensor {
    /// The sign of det A and log |det A| of any square matrix, through its LU factorization in double precision.
    ///
    /// The gradient of the logarithm is A⁻ᵀ. A singular matrix has the sign 0 and the logarithm −∞, and its gradient is NaN;
    /// a matrix that is not finite has NaN for both.
    /// - Returns: the sign (1, −1 or 0), and the logarithm as a scalar.
    /// - Precondition: the shape is `N×N`.
    public func logAbsoluteDeterminant() -> (sign: Float, logarithm: Tensor) {
        let factors = Matrix(self).luFactors()
        let logarithm = Tensor(Float(factors.logAbsoluteDeterminant)).recorded(self) { gradient in
            factors.inverse.transposed.scaled(by: Double(gradient.item)).tensor
        }
        return (Float(factors.sign), logarithm)
    }
}
