import Glibc
import Tensors

/// Which row each row of a batch is mixed with, and how much it keeps of itself.
struct Mixing {
    /// For each row the row that is mixed in.
    let partners: [Int]

    /// For each row its own share, 0…1; the partner has the rest.
    let shares: [Float]

    /// One share for the whole batch, partners in random order.
    init(within samples: Int, concentration: Double, from stream: RandomStream) {
        var stream = stream
        let share = stream.beta(concentration)
        self.init(order: stream.permutation(samples), share: share)
    }

    /// - Parameter order: for each row its partner.
    init(order: [Int], share: Float) {
        partners = order
        shares = .init(repeating: share, count: order.count)
    }

    /// Each domain with the next one of a random order, with one share for each pair.
    init(across domains: [[Int]], concentration: Double, from stream: RandomStream) {
        var stream = stream
        let order = stream.permutation(domains.count)
        self.init(across: domains, order: order, shares: order.map { _ in stream.beta(concentration) })
    }

    /// The `j`-th row of a domain meets the `j`-th of the next; a smaller one is begun again.
    ///
    /// - Parameters:
    ///   - domains: the rows of each domain, all rows of the batch together.
    ///   - order: the domains in the order in which each is mixed with the next, and the last with the first.
    ///   - shares: one for each entry of `order`.
    init(across domains: [[Int]], order: [Int], shares: [Float]) {
        let samples = domains.reduce(0) { $0 + $1.count }
        var (partners, all) = (Array(0..<samples), [Float](repeating: 1, count: samples))
        for (index, domain) in order.enumerated() {
            let other = domains[order[(index + 1) % order.count]]
            for (position, row) in domains[domain].enumerated() {
                partners[row] = other[position % other.count]
                all[row] = shares[index]
            }
        }
        self.partners = partners
        self.shares = all
    }

    /// `share · x + (1 − share) · partner's x`, for an array whose first axis is the rows.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let own = Tensor(shares, shape: Shape([shares.count] + Array(repeating: 1, count: x.rank - 1)))
        return x * own + x.gathering(rows: partners) * (1 - own)
    }
}

extension RandomStream {
    /// A draw from the beta distribution with both parameters equal.
    mutating func beta(_ concentration: Double) -> Float {
        // In logarithms, as gamma variates of a small shape underflow.
        let (first, second) = (logGamma(concentration), logGamma(concentration))
        return Float(1 / (1 + exp(second - first)))
    }

    /// The logarithm of a draw from the gamma distribution (Marsaglia and Tsang 2000).
    private mutating func logGamma(_ shape: Double) -> Double {
        let boost = shape < 1 ? log(max(Double(uniform()), 0x1p-25)) / shape : 0
        let d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = Double(normal())
            let v = pow(1 + c * x, 3)
            if v > 0, log(max(Double(uniform()), 0x1p-25)) < 0.5 * x * x + d - d * v + d * log(v) { return boost + log(d * v) }
        }
    }
}
