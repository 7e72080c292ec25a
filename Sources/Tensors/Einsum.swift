extension Tensor {
    /// Einstein's summation: products of entries, summed over every letter that the result does not have.
    ///
    /// ```swift
    /// Tensor.einsum("nd,md->nm", x, y)            // all inner products of rows
    /// Tensor.einsum("bij,bjk->bik", a, b)         // a batch of matrix products
    /// Tensor.einsum("nmd->md", x)                 // a sum over the first axis
    /// ```
    ///
    /// Factors are multiplied from left to right, each time as one (batched) matrix product; letters that are needed no more are summed over as
    /// soon as that can be.
    ///
    /// - Parameters:
    ///   - formula: one letter for each axis of each factor, `->`, and the letters of the result. Spaces mean nothing.
    ///   - factors: one tensor for each part before the arrow.
    /// - Precondition: a letter means one extent throughout, stands at most once in a factor and in the result, and each of the result's stands
    ///   in a factor.
    ///
    /// A letter that occurs in one factor alone and not in the result is summed over before anything is
    /// multiplied. Nothing here repeats a letter within one factor, so traces are taken otherwise.
    ///
    /// - Complexity: that of the matrix products; intermediate results hold the letters that are still
    ///   needed.
    public static func einsum(_ formula: String, _ factors: Tensor...) -> Tensor {
        let subscripts = Subscripts(formula, shapes: factors.map(\.shape))
        var remaining = subscripts.factors[...]
        var product = factors[0]
        var labels = remaining.removeFirst()
        for factor in factors.dropFirst() {
            let own = remaining.removeFirst()
            let needed = Set(subscripts.result).union(remaining.joined())
            (product, labels) = contraction(product, labels, factor, own, keeping: needed)
        }
        let last = summing(product, labels, keeping: Set(subscripts.result))
        let order = subscripts.result.map { letter in last.labels.firstIndex(of: letter) ?? 0 }
        return last.tensor.permuted(order)
    }

    /// A tensor with one letter for each of its axes.
    private typealias Labeled = (tensor: Tensor, labels: [Character])

    /// The tensor summed over every letter that is not kept, and the letters that are left, in order.
    private static func summing(_ tensor: Tensor, _ labels: [Character], keeping kept: Set<Character>) -> Labeled {
        let axes = labels.indices.filter { !kept.contains(labels[$0]) }
        return (axes.isEmpty ? tensor : tensor.sum(axes: axes), labels.filter(kept.contains))
    }

    /// The product of two factors, of which only some letters are needed further on.
    private static func contraction(
        _ left: Tensor, _ leftLabels: [Character], _ right: Tensor, _ rightLabels: [Character], keeping kept: Set<Character>
    ) -> Labeled {
        let one = summing(left, leftLabels, keeping: kept.union(rightLabels))
        let other = summing(right, rightLabels, keeping: kept.union(leftLabels))
        let shared = one.labels.filter(other.labels.contains)
        let batch = shared.filter(kept.contains)
        let summed = shared.filter { !kept.contains($0) }
        let rows = one.labels.filter { !shared.contains($0) }
        let columns = other.labels.filter { !shared.contains($0) }
        func extents(_ letters: [Character], _ factor: Labeled) -> [Int] {
            letters.map { letter in factor.tensor.shape[factor.labels.firstIndex(of: letter) ?? 0] }
        }
        func laidOut(_ factor: Labeled, _ groups: [[Character]]) -> Tensor {
            let order = groups.joined().map { letter in factor.labels.firstIndex(of: letter) ?? 0 }
            return factor.tensor.permuted(order).reshaped(groups.map { extents($0, factor).reduce(1, *) })
        }
        let product = laidOut(one, [batch, rows, summed]).matmul(laidOut(other, [batch, summed, columns]))
        return (product.reshaped(extents(batch, one) + extents(rows, one) + extents(columns, other)), batch + rows + columns)
    }

    /// A formula's letters, checked against the shapes that it is used with.
    private struct Subscripts {
        /// The letters of each factor, one for each axis.
        let factors: [[Character]]
        /// The letters of the result; none for a scalar.
        let result: [Character]

        /// - Precondition: as ``Tensor/einsum(_:_:)``; the message quotes the formula and the shape or
        ///   letter that does not fit.
        init(_ formula: String, shapes: [Shape]) {
            let sides = formula.filter { $0 != " " }.split(separator: "->", omittingEmptySubsequences: false)
            require(sides.count == 2, "einsum: '\(formula)' does not have the form 'nd,md->nm'")
            factors = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
            result = Array(sides[1])
            require(
                factors.count == shapes.count && !shapes.isEmpty, "einsum: '\(formula)' has \(factors.count) factors, and \(shapes.count) are given")
            var extents: [Character: Int] = [:]
            for (letters, shape) in zip(factors, shapes) {
                require(letters.count == shape.rank, "einsum: '\(String(letters))' of '\(formula)' does not fit the shape \(shape)")
                require(Set(letters).count == letters.count, "einsum: '\(String(letters))' of '\(formula)' has a letter twice")
                for (letter, extent) in zip(letters, shape.dimensions) {
                    require(letter.isLetter, "einsum: '\(letter)' of '\(formula)' is no letter")
                    require(extents[letter, default: extent] == extent, "einsum: '\(letter)' of '\(formula)' is \(extents[letter] ?? 0) and \(extent)")
                    extents[letter] = extent
                }
            }
            require(Set(result).count == result.count, "einsum: the result of '\(formula)' has a letter twice")
            for letter in result { require(extents[letter] != nil, "einsum: '\(letter)' of the result of '\(formula)' stands in no factor") }
        }
    }
}
