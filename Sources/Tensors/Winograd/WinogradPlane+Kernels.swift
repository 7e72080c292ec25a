/// Kernels of 3×3 taps to 36 numbers and back.
extension WinogradPlane {
    static func transformKernels(
        _ weight: UnsafePointer<Float>, outputs: Int, inputs: Int, isTurned: Bool, into target: UnsafeMutablePointer<Float>
    ) {
        typealias T = WinogradTransform
        let step = outputs * inputs
        Threads.split(outputs) { range in
            withUnsafeTemporaryAllocation(of: T.Values.self, capacity: 18) { half in
                for output in range {
                    for channel in stride(from: 0, to: inputs, by: T.lanes) {
                        let source = weight + (output * inputs + channel) * taps
                        @inline(__always) func tap(_ index: Int) -> T.Values {
                            T.gather(source + (isTurned ? taps - 1 - index : index), step: taps)
                        }
                        for j in 0..<3 {
                            let t = T.kernel(tap(j), tap(3 + j), tap(6 + j))
                            (half[j], half[3 + j], half[6 + j]) = (t.0, t.1, t.2)
                            (half[9 + j], half[12 + j], half[15 + j]) = (t.3, t.4, t.5)
                        }
                        for i in 0..<6 {
                            let t = T.kernel(half[3 * i], half[3 * i + 1], half[3 * i + 2])
                            let start = target + 6 * i * step + output * inputs + channel
                            T.store(t, start, step)
                        }
                    }
                }
            }
        }
    }

    func transformKernelGradient(_ matrices: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>) {
        typealias T = WinogradTransform
        let (inputs, step) = (inputs, outputs * inputs)
        Threads.split(outputs) { range in
            withUnsafeTemporaryAllocation(of: T.Values.self, capacity: 18) { half in
                for output in range {
                    for channel in stride(from: 0, to: inputs, by: T.lanes) {
                        let source = matrices + output * inputs + channel
                        @inline(__always) func at(_ index: Int) -> T.Values { T.load(source + index * step) }
                        for j in 0..<6 {
                            let t = T.kernelGradient(at(j), at(6 + j), at(12 + j), at(18 + j), at(24 + j), at(30 + j))
                            (half[j], half[6 + j], half[12 + j]) = (t.0, t.1, t.2)
                        }
                        let target = gradient + (output * inputs + channel) * Self.taps
                        for i in 0..<3 {
                            let s = 6 * i
                            let t = T.kernelGradient(half[s], half[s + 1], half[s + 2], half[s + 3], half[s + 4], half[s + 5])
                            T.scatter(t, target + 3 * i, step: Self.taps)
                        }
                    }
                }
            }
        }
    }
}
