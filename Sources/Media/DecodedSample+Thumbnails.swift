extension DecodedSample {
    /// Pictures that show the sample: frames evenly spread for a clip (of flow, the horizontal part), one for a spectrogram, its
    /// highest frequency on top and −3…3 as black to white.
    package func thumbnails(count: Int) -> [Picture] {
        switch contents {
        case .bytes(let bytes, _):
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
