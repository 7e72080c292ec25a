import Foundation

@testable import FuzzTargets

// `fuzz TARGET [libFuzzer's arguments]`: runs one parser on inputs that libFuzzer makes up, or on the files that are named.

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// The parser under test. Unsafe only in name: it is set before libFuzzer starts its one thread.
nonisolated(unsafe) private var parse: (Data) -> Void = { _ in }

let words = CommandLine.arguments
guard words.count > 1, let target = FuzzTarget.all[words[1]] else {
    print("usage: fuzz TARGET [arguments of libFuzzer]; the targets:")
    print(FuzzTarget.all.keys.sorted().joined(separator: "\n"))
    exit(2)
}
parse = target
let kept = [words[0]] + words.dropFirst(2)
let texts = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: kept.count + 1)
for (index, word) in kept.enumerated() { texts[index] = strdup(word) }
texts[kept.count] = nil
var pointer = texts
var count = Int32(kept.count)
exit(
    runDriver(&count, &pointer) { bytes, count in
        parse(bytes.map { Data(bytes: $0, count: count) } ?? Data())
        return 0
    })
