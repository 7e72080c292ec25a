import Glibc

/// Minimizes a smooth convex function by L-BFGS (Nocedal and Wright, *Numerical Optimization*,
/// Algorithm 7.5) with a line search for the strong Wolfe conditions.
///
/// - Parameters:
///   - start: the point to begin at.
///   - tolerance: the largest entry of the gradient at which the descent ends.
///   - preconditioner: multiplies a vector by a positive definite matrix that is about the inverse of the curvature; by default by none.
///   - evaluate: the value and the gradient at a point.
/// - Throws: `Undefined` where the gradient is still larger after `iterations`.
///
/// The descent keeps the last 20 steps. It starts anew along the gradient where the approximation
/// points uphill, and ends early where rounding leaves no lower value and the gradient is at most 1000
/// times the tolerance.
///
/// - Returns: the point where the descent ended, and the value there.
/// - Complexity: one or a few evaluations and `O(40 P)` operations for each iteration over `P` numbers, and the preconditioner twice.
func minimize(
    from start: [Double], tolerance: Double = 1e-8, iterations: Int = 5000, preconditioner: (([Double]) -> [Double])? = nil,
    _ evaluate: ([Double]) -> (value: Double, gradient: [Double])
) throws(Undefined) -> (point: [Double], value: Double) {
    let memory = 20
    var point = start
    var (value, gradient) = evaluate(point)
    var steps: [(step: [Double], change: [Double], curvature: Double)] = []
    var remaining = iterations
    while largest(gradient) > tolerance {
        guard remaining > 0 else {
            throw Undefined("the descent did not converge in \(iterations) iterations (the gradient is still \(largest(gradient)))")
        }
        remaining -= 1
        var direction = descent(gradient, steps, preconditioner)
        if dot(direction, gradient) >= 0 {
            steps = []
            direction = descent(gradient, steps, preconditioner)
        }
        // Without any idea of the curvature the gradient says nothing about the length of a step.
        let first = steps.isEmpty && preconditioner == nil ? min(1, 1 / dot(gradient, gradient).squareRoot()) : 1
        guard let found = lineSearch(point, value, gradient, direction, first, evaluate) else {
            // Where values no longer differ beyond rounding, a small gradient is as good as it gets.
            if largest(gradient) <= 1000 * tolerance { break }
            throw Undefined("the descent stopped at a gradient of \(largest(gradient))")
        }
        let (step, change) = (zip(found.point, point).map { $0 - $1 }, zip(found.gradient, gradient).map { $0 - $1 })
        let curvature = dot(step, change)
        if curvature > 0 { steps.append((step, change, curvature)) }
        if steps.count > memory { steps.removeFirst() }
        (point, value, gradient) = found
    }
    return (point, value)
}

/// `−H g` for the approximation H of the inverse Hessian that the last steps give.
///
/// - Parameters:
///   - gradient: `g` at the present point, `P` numbers.
///   - steps: the last moves with the changes of the gradient that they led to, oldest first; none
///     gives `−g`, or `−P g`.
///   - preconditioner: multiplies by `P`, which the approximation is built on, scaled by what the last move says.
private func descent(
    _ gradient: [Double], _ steps: [(step: [Double], change: [Double], curvature: Double)], _ preconditioner: (([Double]) -> [Double])?
) -> [Double] {
    var q = gradient
    var factors: [Double] = []
    for (step, change, curvature) in steps.reversed() {
        let factor = dot(step, q) / curvature
        factors.append(factor)
        for index in q.indices { q[index] -= factor * change[index] }
    }
    if let preconditioner { q = preconditioner(q) }
    if let last = steps.last {
        let scale = last.curvature / dot(last.change, preconditioner?(last.change) ?? last.change)
        for index in q.indices { q[index] *= scale }
    }
    for ((step, change, curvature), factor) in zip(steps, factors.reversed()) {
        let other = dot(change, q) / curvature
        for index in q.indices { q[index] += (factor - other) * step[index] }
    }
    return q.map(-)
}

/// The point along a direction that meets the strong Wolfe conditions, by bracketing and bisection, with the value and the gradient there; nil
/// where rounding leaves none.
///
/// The value has to fall by 10⁻⁴ of what the slope promises, and the slope to shrink to 0.9 of what it
/// was. A length that is too long or leads past the minimum halves the bracket, one that is too short
/// doubles it or moves its lower end; 60 tries at most.
///
/// - Parameter first: the length that is tried first.
private func lineSearch(
    _ point: [Double], _ value: Double, _ gradient: [Double], _ direction: [Double], _ first: Double,
    _ evaluate: ([Double]) -> (value: Double, gradient: [Double])
) -> (point: [Double], value: Double, gradient: [Double])? {
    let slope = dot(gradient, direction)
    var (low, high, length) = (0.0, Double.infinity, first)
    for _ in 0..<60 {
        let next = zip(point, direction).map { $0 + length * $1 }
        let found = evaluate(next)
        let newSlope = dot(found.gradient, direction)
        // Near the minimum values agree to the last digit, and slopes alone decide.
        let rounding = 0x1p-50 * abs(value)
        if !(found.value <= value + 1e-4 * length * slope + rounding) || (newSlope > 0 && newSlope > -0.9 * slope) {
            high = length
        } else if newSlope < 0.9 * slope {
            low = length
        } else {
            return (next, found.value, found.gradient)
        }
        length = high.isFinite ? (low + high) / 2 : 2 * length
    }
    return nil
}

/// The largest magnitude; 0 of no values.
private func largest(_ values: [Double]) -> Double { values.reduce(0) { max($0, abs($1)) } }

/// The inner product of two vectors of one length, summed in order.
private func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
}
