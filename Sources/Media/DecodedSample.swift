import Tensors

/// One modality of one sample as a decoder leaves it, in its smallest form, so that many can wait in
/// memory.
package struct DecodedSample: Sendable {
    /// The sample's shape, channels last.
    package let shape: [Int]
    let contents: Contents

    enum Contents: Sendable {
        /// Bytes, and how they become numbers.
        case bytes([UInt8], PixelScale)
        case numbers([Float])
    }

    /// - Precondition: as many bytes as the shape says.
    package init(shape: [Int], bytes: [UInt8], scale: PixelScale) {
        require(bytes.count == shape.reduce(1, *), "\(bytes.count) bytes are no sample of shape \(shape)")
        self.shape = shape
        contents = .bytes(bytes, scale)
    }

    /// - Precondition: as many numbers as the shape says.
    package init(shape: [Int], numbers: [Float]) {
        require(numbers.count == shape.reduce(1, *), "\(numbers.count) numbers are no sample of shape \(shape)")
        self.shape = shape
        contents = .numbers(numbers)
    }

    package var elementCount: Int { shape.reduce(1, *) }

    /// Bytes of memory that the sample takes.
    package var byteCount: Int {
        switch contents {
        case .bytes(let bytes, _): bytes.count
        case .numbers(let numbers): numbers.count * MemoryLayout<Float>.stride
        }
    }

    /// The same values in another shape of as many.
    package func reshaped(_ shape: [Int]) -> DecodedSample {
        switch contents {
        case .bytes(let bytes, let scale): DecodedSample(shape: shape, bytes: bytes, scale: scale)
        case .numbers(let numbers): DecodedSample(shape: shape, numbers: numbers)
        }
    }

    /// Writes the sample's values.
    /// - Precondition: room for `elementCount` values.
    package func write(into target: UnsafeMutableBufferPointer<Float>) {
        require(target.count == elementCount, "a sample of \(elementCount) values does not fill \(target.count)")
        switch contents {
        case .bytes(let bytes, let scale): scale.write(bytes, into: target)
        case .numbers(let numbers): _ = target.update(from: numbers)
        }
    }

    /// Samples of one shape, stacked: N×(sample shape).
    package static func stack(_ samples: [DecodedSample], shape: [Int]) -> Tensor {
        let size = shape.reduce(1, *)
        return Tensor(shape: Shape([samples.count] + shape)) { output in
            for (place, sample) in samples.enumerated() {
                sample.write(into: UnsafeMutableBufferPointer(rebasing: output[place * size..<(place + 1) * size]))
            }
        }
    }
}

/// How bytes of pixels become numbers: `(byte − mean) ÷ deviation` for each channel.
package struct PixelScale: Hashable, Sendable {
    package let means: [Double]
    package let deviations: [Double]
    /// The number of every byte, channel after channel.
    private let table: [Float]

    /// - Precondition: as many deviations as means, none 0.
    package init(means: [Double], deviations: [Double]) {
        require(means.count == deviations.count && !deviations.contains(0), "a scale needs a deviation for every mean")
        self.means = means
        self.deviations = deviations
        table = zip(means, deviations).flatMap { mean, deviation in (0..<256).map { Float((Double($0) - mean) / deviation) } }
    }

    /// ImageNet's mean and deviation of red, green and blue, in units of 0–255.
    package static let imageNet = PixelScale(means: [123.675, 116.28, 103.53], deviations: [58.395, 57.12, 57.375])

    /// Optical flow, stored as bytes around 128: horizontal and vertical.
    package static let flow = PixelScale(means: [128, 128], deviations: [128, 128])

    func write(_ bytes: [UInt8], into target: UnsafeMutableBufferPointer<Float>) {
        let channels = means.count
        bytes.withUnsafeBufferPointer { bytes in
            table.withUnsafeBufferPointer { table in
                var place = 0
                while place < bytes.count {
                    for channel in 0..<channels { target[place + channel] = table[channel << 8 | Int(bytes[place + channel])] }
                    place += channels
                }
            }
        }
    }
}

extension DecodedSample {
    /// Pictures of the sample: evenly spread frames of a clip (for flow, its horizontal part), or one
    /// picture of a spectrogram with the highest frequency on top and −3…3 as black to white.
    package func thumbnails(count: Int) -> [Picture] {
        switch contents {
        case .bytes(let bytes, _):
            // A picture is a clip of one frame.
            let shape = shape.count == 3 ? [1] + shape : shape
            guard shape.count == 4, shape[0] > 0 else { return [] }
            let (height, width, channels) = (shape[1], shape[2], shape[3])
            let area = height * width * channels
            let wanted = min(count, shape[0])
            return (0..<wanted).map { place in
                let start = place * shape[0] / wanted * area
                let pixels =
                    channels == 3
                    ? Array(bytes[start..<start + area]) : stride(from: start, to: start + area, by: channels).map { bytes[$0] }
                return Picture(width: width, height: height, channels: channels == 3 ? 3 : 1, pixels: pixels)
            }
        case .numbers(let numbers):
            guard shape.count == 3, shape[0] > 0, shape[1] > 0 else { return [] }
            let (frequencies, times) = (shape[0], shape[1])
            var pixels: [UInt8] = []
            pixels.reserveCapacity(numbers.count)
            for frequency in (0..<frequencies).reversed() {
                for time in 0..<times { pixels.append(UInt8(min(max(numbers[frequency * times + time] / 6 + 0.5, 0), 1) * 255)) }
            }
            return [Picture(width: times, height: frequencies, channels: 1, pixels: pixels)]
        }
    }
}
