internal import CLanes

/// Numbers that are closer to 0 than 1.2·10⁻³⁸, which single precision keeps with fewer digits.
///
/// Processors compute with them by a detour that takes a hundred times as long. Where a model has learned its samples by heart, most of its gradients are such
/// numbers, and every product of them waits; nothing that small changes a weight.
package enum Subnormals {
    /// From here on the calling thread, and every thread that it starts, takes such numbers for 0. In double precision these are those below 2.2·10⁻³⁰⁸.
    ///
    /// A program calls this once, before it starts threads, so that a result does not depend on which of them computes it.
    package static func flush() { regulus_flush_subnormals() }
}
