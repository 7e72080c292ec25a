internal import CLanes

extension Tensor {
    /// The elementwise sum.
    ///
    /// Shapes follow NumPy's broadcasting rules in all operations on two tensors: aligned from the last
    /// axis, extents must be equal, or one of them 1, or missing. The gradient of an operand that was
    /// repeated is summed over its repetitions. A pair of shapes that does not fit stops the program.
    ///
    /// ```swift
    /// let x = Tensor([1, 2, 3, 4], shape: [2, 2])
    /// x + Tensor([10, 20], shape: [2])          // 11, 22, 13, 24: the same row added to each
    /// x + Tensor([10, 20], shape: [2, 1])       // 11, 12, 23, 24: the same column
    /// ```
    public static func + (left: Tensor, right: Tensor) -> Tensor {
        let (leftShape, rightShape) = (left.shape, right.shape)
        return combined("+", left, right) { $0 + $1 }
            .recorded(left, { $0.reduced(to: leftShape) }, right, { $0.reduced(to: rightShape) })
    }

    /// The elementwise difference under broadcasting. The gradient of the right operand is the negative
    /// upstream gradient.
    public static func - (left: Tensor, right: Tensor) -> Tensor {
        let (leftShape, rightShape) = (left.shape, right.shape)
        return combined("-", left, right) { $0 - $1 }
            .recorded(left, { $0.reduced(to: leftShape) }, right, { (-$0).reduced(to: rightShape) })
    }

    /// The elementwise product under broadcasting. The gradient of each operand is the upstream
    /// gradient times the other one.
    public static func * (left: Tensor, right: Tensor) -> Tensor {
        multiplied(left, right, regulus_multiply) { $0 * $1 }
            .recorded(
                left, { multiplied($0, right, regulus_chain) { $0 == 0 ? 0 : $0 * $1 }.reduced(to: left.shape) },
                right, { multiplied($0, left, regulus_chain) { $0 == 0 ? 0 : $0 * $1 }.reduced(to: right.shape) })
    }

    /// A product without a record, in a loop of `CLanes` where the shapes are equal, as those of a mask and what it masks are.
    @inline(__always)
    private static func multiplied(
        _ left: Tensor, _ right: Tensor, _ loop: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void,
        _ operation: (Float, Float) -> Float
    ) -> Tensor {
        // This is no matter of the operands alone: a gradient comes from whatever used the product, and a plug-in's pullback may return one of another shape.
        guard left.shape == right.shape else { return combined("*", left, right, operation) }
        return left.combined(with: right, by: loop)
    }

    /// The elementwise quotient under broadcasting, by the rules of floating-point division: a division
    /// by 0 gives ±∞ or NaN.
    ///
    /// The gradients are `g/right` and `−g·left/right²`; the latter is computed through the quotient,
    /// so that it does not overflow where the square of the divisor would.
    public static func / (left: Tensor, right: Tensor) -> Tensor {
        let quotient = combined("/", left, right) { $0 / $1 }
        return quotient.recorded(
            left, { chained("/", $0, right) { $0 / $1 }.reduced(to: left.shape) },
            // Through the quotient, since the square of the divisor may overflow where the slope does not.
            right, { chained("/", chained("/", $0, quotient) { -$0 * $1 }, right) { $0 / $1 }.reduced(to: right.shape) })
    }

    /// A number added to every element.
    public static func + (left: Tensor, right: Float) -> Tensor { left.mapped { $0 + right }.recorded(left) { $0 } }

    /// A number added to every element.
    public static func + (left: Float, right: Tensor) -> Tensor { right + left }

    /// A number subtracted from every element.
    public static func - (left: Tensor, right: Float) -> Tensor { left + (-right) }

    /// Every element subtracted from a number.
    public static func - (left: Float, right: Tensor) -> Tensor { right.mapped { left - $0 }.recorded(right) { -$0 } }

    /// Every element times a number.
    public static func * (left: Tensor, right: Float) -> Tensor { left.mapped { $0 * right }.recorded(left) { $0 * right } }

    /// Every element times a number.
    public static func * (left: Float, right: Tensor) -> Tensor { right * left }

    /// Every element divided by a number.
    public static func / (left: Tensor, right: Float) -> Tensor { left.mapped { $0 / right }.recorded(left) { $0 / right } }

    /// A number divided by every element.
    public static func / (left: Float, right: Tensor) -> Tensor {
        let quotient = right.mapped { left / $0 }
        return quotient.recorded(right) { chained("/", chained("/", $0, quotient) { -$0 * $1 }, right) { $0 / $1 } }
    }

    /// Every element with the other sign.
    public static prefix func - (operand: Tensor) -> Tensor { operand.mapped { -$0 }.recorded(operand) { -$0 } }

    /// Replaces `left` by the sum; a new tensor, so that records that hold the old one keep it.
    public static func += (left: inout Tensor, right: Tensor) { left = left + right }
    /// Replaces `left` by the difference.
    public static func -= (left: inout Tensor, right: Tensor) { left = left - right }
    /// Replaces `left` by the product.
    public static func *= (left: inout Tensor, right: Tensor) { left = left * right }
    /// Replaces `left` by the quotient.
    public static func /= (left: inout Tensor, right: Tensor) { left = left / right }

    /// The elementwise maximum under broadcasting. Where both are equal, each receives half of the
    /// gradient.
    public static func maximum(_ left: Tensor, _ right: Tensor) -> Tensor {
        combined("maximum", left, right) { $0 > $1 || $0.isNaN ? $0 : $1 }
            .recorded(
                left, { ($0 * combined("maximum", left, right, shareOfMaximum)).reduced(to: left.shape) },
                right, { ($0 * combined("maximum", right, left, shareOfMaximum)).reduced(to: right.shape) })
    }

    /// The elementwise minimum under broadcasting. Where both are equal, each receives half of the
    /// gradient.
    public static func minimum(_ left: Tensor, _ right: Tensor) -> Tensor { -maximum(-left, -right) }

    /// The share of the gradient that the first of two operands receives.
    private static func shareOfMaximum(_ own: Float, _ other: Float) -> Float { own > other ? 1 : own == other ? 0.5 : 0 }

    /// Every element limited to `lower...upper`. The gradient is 0 outside the interval and passes at
    /// its ends.
    ///
    /// - Parameters:
    ///   - lower: the smallest value of the result; none by default.
    ///   - upper: the largest value of the result; none by default.
    ///
    /// ```swift
    /// Tensor([-2, 0.5, 3], shape: [3]).clamped(lower: 0, upper: 1)      // 0, 0.5, 1
    /// ```
    public func clamped(lower: Float = -.infinity, upper: Float = .infinity) -> Tensor {
        mapped { $0 < lower ? lower : $0 > upper ? upper : $0 }
            .recorded(self) { gradient in
                Tensor.combined("clamped", gradient, self) { $1 < lower || $1 > upper ? 0 : $0 }
            }
    }
}

// MARK: - Comparison

extension Tensor {
    /// 1 where the element is greater than the other tensor's, otherwise 0; under broadcasting and
    /// without a gradient. Comparisons with NaN give 0.
    public func isGreater(than other: Tensor) -> Tensor { Tensor.combined("isGreater", self, other) { $0 > $1 ? 1 : 0 } }

    /// 1 where the element is less than the other tensor's, otherwise 0; under broadcasting and without
    /// a gradient.
    public func isLess(than other: Tensor) -> Tensor { Tensor.combined("isLess", self, other) { $0 < $1 ? 1 : 0 } }

    /// 1 where both elements are equal, otherwise 0; under broadcasting and without a gradient.
    public func isEqual(to other: Tensor) -> Tensor { Tensor.combined("isEqual", self, other) { $0 == $1 ? 1 : 0 } }

    /// 1 where the element is greater than a number, otherwise 0; without a gradient.
    public func isGreater(than other: Float) -> Tensor { mapped { $0 > other ? 1 : 0 } }

    /// 1 where the element is less than a number, otherwise 0; without a gradient.
    public func isLess(than other: Float) -> Tensor { mapped { $0 < other ? 1 : 0 } }

    /// 1 where the element equals a number, otherwise 0; without a gradient.
    public func isEqual(to other: Float) -> Tensor { mapped { $0 == other ? 1 : 0 } }

    /// Elements of `then` where the mask is not 0, and of `otherwise` where it is, under broadcasting.
    ///
    /// An element that is not selected has no influence at all: NaN there reaches neither the result
    /// nor the gradient, as it would by multiplication with a mask.
    ///
    /// - Parameters:
    ///   - mask: 0 or not 0; no gradient reaches it.
    ///   - then: the values where the mask is not 0.
    ///   - otherwise: the values where the mask is 0.
    ///
    /// ```swift
    /// let known = x.isGreater(than: 0)
    /// Tensor.select(known, x.log(), .zeros(x.shape))     // log x where x > 0, else 0, without NaN in the gradient
    /// ```
    public static func select(_ mask: Tensor, _ then: Tensor, _ otherwise: Tensor) -> Tensor {
        guard let shape = then.shape.broadcast(with: otherwise.shape)?.broadcast(with: mask.shape) else {
            stop("select: shapes \(mask.shape), \(then.shape) and \(otherwise.shape) cannot be broadcast together")
        }
        return withoutGradients { () -> Tensor in
            let chosen = mask.expanded(to: shape)
            let result = then.expanded(to: shape)
            let other = otherwise.expanded(to: shape)
            return Tensor(shape: shape) { output in
                // Both sides are read before choosing: a conditional read would keep the loop scalar.
                let (masks, first, second) = (chosen.pointer, result.pointer, other.pointer)
                withExtendedLifetime((chosen, result, other)) {
                    for index in 0..<output.count {
                        let (left, right) = (first[index], second[index])
                        output[index] = masks[index] != 0 ? left : right
                    }
                }
            }
        }
        .recorded(
            then, { combined("select", $0, mask) { $1 != 0 ? $0 : 0 }.reduced(to: then.shape) },
            otherwise, { combined("select", $0, mask) { $1 == 0 ? $0 : 0 }.reduced(to: otherwise.shape) })
    }
}
