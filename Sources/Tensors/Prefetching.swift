internal import CLanes

/// Asks for memory that will be read soon, and does not wait for it. What follows the first kilobyte comes by itself once that is being read.
package func prefetch(_ bytes: UnsafeRawBufferPointer) {
    if let start = bytes.baseAddress { regulus_prefetch(start, bytes.count) }
}
