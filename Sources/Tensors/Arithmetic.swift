extension Tensor {
    /// The elementwise sum under NumPy's broadcasting rules.
    public static func + (left: Tensor, right: Tensor) -> Tensor {
        let (leftShape, rightShape) = (left.shape, right.shape)
        return combined("+", left, right) { $0 + $1 }
            .recorded(left, { $0.reduced(to: leftShape) }, right, { $0.reduced(to: rightShape) })
    }

    /// The elementwise difference under broadcasting.
    public static func - (left: Tensor, right: Tensor) -> Tensor {
        let (leftShape, rightShape) = (left.shape, right.shape)
        return combined("-", left, right) { $0 - $1 }
            .recorded(left, { $0.reduced(to: leftShape) }, right, { (-$0).reduced(to: rightShape) })
    }

    /// The elementwise product under broadcasting.
    public static func * (left: Tensor, right: Tensor) -> Tensor {
        combined("*", left, right) { $0 * $1 }
            .recorded(
                left, { chained("*", $0, right) { $0 * $1 }.reduced(to: left.shape) },
                right, { chained("*", $0, left) { $0 * $1 }.reduced(to: right.shape) })
    }

    /// The elementwise quotient under broadcasting.
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

    /// Replaces `left` by the sum.
    public static func += (left: inout Tensor, right: Tensor) { left = left + right }
    /// Replaces `left` by the difference.
    public static func -= (left: inout Tensor, right: Tensor) { left = left - right }
    /// Replaces `left` by the product.
    public static func *= (left: inout Tensor, right: Tensor) { left = left * right }
    /// Replaces `left` by the quotient.
    public static func /= (left: inout Tensor, right: Tensor) { left = left / right }

    /// The elementwise maximum under broadcasting; where both are equal, each receives half of the gradient.
    public static func maximum(_ left: Tensor, _ right: Tensor) -> Tensor {
        combined("maximum", left, right) { $0 > $1 || $0.isNaN ? $0 : $1 }
            .recorded(
                left, { ($0 * combined("maximum", left, right, shareOfMaximum)).reduced(to: left.shape) },
                right, { ($0 * combined("maximum", right, left, shareOfMaximum)).reduced(to: right.shape) })
    }

    /// The elementwise minimum under broadcasting; where both are equal, each receives half of the gradient.
    public static func minimum(_ left: Tensor, _ right: Tensor) -> Tensor { -maximum(-left, -right) }

    private static func shareOfMaximum(_ own: Float, _ other: Float) -> Float { own > other ? 1 : own == other ? 0.5 : 0 }

    /// Every element limited to `lower...upper`; outside, and not at the bounds, the gradient is 0.
    public func clamped(lower: Float = -.infinity, upper: Float = .infinity) -> Tensor {
        mapped { $0 < lower ? lower : $0 > upper ? upper : $0 }
            .recorded(self) { gradient in
                Tensor.combined("clamped", gradient, self) { $1 < lower || $1 > upper ? 0 : $0 }
            }
    }
}

// MARK: - Comparison

extension Tensor {
    /// 1 where the element is greater than the other's, else 0; under broadcasting and without a gradient.
    public func isGreater(than other: Tensor) -> Tensor { Tensor.combined("isGreater", self, other) { $0 > $1 ? 1 : 0 } }

    /// 1 where the element is less than the other's, else 0; under broadcasting and without a gradient.
    public func isLess(than other: Tensor) -> Tensor { Tensor.combined("isLess", self, other) { $0 < $1 ? 1 : 0 } }

    /// 1 where both elements are equal, else 0; under broadcasting and without a gradient.
    public func isEqual(to other: Tensor) -> Tensor { Tensor.combined("isEqual", self, other) { $0 == $1 ? 1 : 0 } }

    /// 1 where this one is greater, else 0; without gradient.
    public func isGreater(than other: Float) -> Tensor { mapped { $0 > other ? 1 : 0 } }

    /// 1 where this one is less, else 0; without gradient.
    public func isLess(than other: Float) -> Tensor { mapped { $0 < other ? 1 : 0 } }

    /// 1 where both are equal, else 0; without gradient.
    public func isEqual(to other: Float) -> Tensor { mapped { $0 == other ? 1 : 0 } }

    /// Elements of `then` where the mask is not 0 and of `otherwise` where it is, under broadcasting.
    ///
    /// A masked-out element takes no part at all: NaN there reaches neither the result nor the gradient.
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
