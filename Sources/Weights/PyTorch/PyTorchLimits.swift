/// How much a checkpoint may ask for. A file cannot make the reader take more time or memory than these allow,
/// whatever it claims.
package struct PyTorchLimits: Sendable {
    /// Bytes of one pickle; that of a large network with its optimizer's state has about a million.
    package var pickleBytes = 16 << 20
    /// Collections inside one another.
    package var nesting = 100
    /// Values visited when the contents are listed; shared ones count each time.
    package var values = 500_000
    /// Values that are no tensors and are listed; the rest is left out.
    package var listedValues = 10_000
    /// Bytes of a dictionary's key and of the dotted name of a value.
    package var nameBytes = 1000
    /// Axes of a tensor.
    package var axes = 64
    /// Bytes of all compressed records when expanded. PyTorch itself compresses nothing.
    package var inflatedBytes = 2 << 30
    /// Bytes that views may have beyond those of the storages: an expanded view repeats elements without end.
    package var repeatedBytes = 1 << 30

    package init() {}
}
