/// Limits on the time and memory that reading a file may take, whatever the file claims.
package struct ReadingLimits: Sendable {
    /// Bytes of one pickle; that of a large network with its optimizer's state has about a million.
    package var pickleBytes = 16 << 20
    /// The number of instructions of one pickle; each makes one value at most.
    package var instructions = 8 << 20
    /// How deep collections may be nested.
    package var nesting = 100
    /// The number of values visited when the contents are listed; shared ones count each time.
    package var values = 500_000
    /// The number of values listed that are not tensors; the rest is left out.
    package var listedValues = 10_000
    /// Bytes of a dictionary's key and of the dotted name of a value.
    package var nameBytes = 1000
    /// The number of axes of a tensor.
    package var axes = 64
    /// Bytes of all compressed records when expanded, beyond `expansion` times the size of the file.
    package var expandedBytes = 64 << 20
    /// How many times larger than the file its compressed records may be. Measurements typically shrink
    /// to a half, masks to a fiftieth.
    package var expansion = 100
    /// Bytes that tensors may have beyond twice those of the storages. An expanded view repeats
    /// elements without end, so that a file of 454 bytes could ask for gigabytes.
    package var repeatedBytes = 16 << 20

    package init() {}

    /// Limits for a file of arrays, whose pickle holds the arrays themselves.
    package static var arrays: ReadingLimits {
        var limits = ReadingLimits()
        limits.pickleBytes = Int.max / 4
        return limits
    }

    /// What the compressed records of a file of so many bytes may expand to.
    func expandedBytes(of fileSize: Int) -> Int {
        let (product, isTooLarge) = fileSize.multipliedReportingOverflow(by: expansion)
        return isTooLarge ? .max : max(expandedBytes, product)
    }
}
