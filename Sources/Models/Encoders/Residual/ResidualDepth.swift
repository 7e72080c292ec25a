import Configuration

/// How many blocks the four stages of a residual network with bottlenecks have.
enum ResidualDepth {
    /// He et al. 2016, table 1.
    private static let blocks = [50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3]]

    /// The blocks of each stage: those given, or else those of the published depth.
    static func blocks(depth: Int, given: [Int]) throws(OptionFault) -> [Int] {
        if !given.isEmpty {
            try checkStages(given)
            return given
        }
        guard let blocks = blocks[depth] else {
            throw OptionFault(
                option: "depth", expected: "50, 101 or 152, or the option blocks", found: "\(depth)",
                suggestion: "\(Self.blocks.keys.min { abs($0 - depth) < abs($1 - depth) } ?? 50)")
        }
        return blocks
    }

    /// Throws unless there is a number of blocks for each of four stages.
    static func checkStages(_ blocks: [Int]) throws(OptionFault) {
        guard blocks.count == 4 else {
            throw OptionFault(option: "blocks", expected: "a number of blocks for each of 4 stages", found: "\(blocks.count)")
        }
    }

    /// Height and width after the first convolution, the pooling and three stages, which halve them four times, rounding up.
    static func stemSides(_ height: Int, _ width: Int) -> [Int] {
        [height, width].map { side in (0..<4).reduce(side) { size, _ in (size + 1) / 2 } }
    }
}
