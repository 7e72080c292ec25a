import Glibc

/// What lossy compression does to a sample: blocks are taken into frequencies, and each frequency is rounded.
///
/// Only the rounding changes values; what a codec does to store them is left out, as it loses nothing. Both
/// forms use the orthonormal cosine transform, whose frequencies have the unit of the values, and both
/// change nothing where all numbers of a block are equal. Numbers have to be finite: a NaN would fill its
/// whole block.
enum BlockCompression {
    /// JPEG on pictures of 8 bits: blocks of 8×8, the luminance table of its Annex K at a quality, as libjpeg scales it.
    ///
    /// Every channel is compressed by itself, at full resolution. The smallest and the largest number of the picture are taken as 0
    /// and 255, so that a quality means the same whatever the numbers' scale; a picture of one number stays as it is. Incomplete
    /// blocks repeat the last row and column.
    ///
    /// - Parameters:
    ///   - picture: H×W×C, row-major, finite.
    ///   - quality: from 1 to 100.
    static func jpeg(_ picture: [Float], _ height: Int, _ width: Int, _ channels: Int, quality: Int) -> [Float] {
        guard let low = picture.min(), let high = picture.max(), high > low else { return picture }
        let scale = 255 / (high - low)
        let percent = quality < 50 ? 5000 / quality : 200 - 2 * quality
        let steps = luminance.map { Float(min(max(($0 * percent + 50) / 100, 1), 255)) }
        var result = picture
        var block = [Float](repeating: 0, count: 64)
        for channel in 0..<channels {
            for top in stride(from: 0, to: height, by: 8) {
                for left in stride(from: 0, to: width, by: 8) {
                    for place in 0..<64 {
                        let (y, x) = (min(top + place / 8, height - 1), min(left + place % 8, width - 1))
                        block[place] = ((picture[(y * width + x) * channels + channel] - low) * scale).rounded() - 128
                    }
                    var frequencies = transformed(transformed(block, by: cosines8, isInverse: false), by: cosines8, isInverse: false)
                    for place in 0..<64 { frequencies[place] = (frequencies[place] / steps[place]).rounded() * steps[place] }
                    let values = transformed(transformed(frequencies, by: cosines8, isInverse: true), by: cosines8, isInverse: true)
                    for place in 0..<64 where top + place / 8 < height && left + place % 8 < width {
                        let value = min(max(values[place].rounded() + 128, 0), 255)
                        result[((top + place / 8) * width + left + place % 8) * channels + channel] = low + value / scale
                    }
                }
            }
        }
        return result
    }

    /// Blocks of 16 steps of each channel, frequency k of which is rounded to a multiple of `step·(1 + k/16)`; the last block is as long as
    /// what is left.
    ///
    /// - Parameters:
    ///   - series: T×C, row-major.
    ///   - step: in the unit of the series.
    static func series(_ series: [Float], channels: Int, step: Float) -> [Float] {
        guard step > 0, channels > 0 else { return series }
        var result = series
        let length = series.count / channels
        for start in stride(from: 0, to: length, by: 16) {
            let count = min(16, length - start)
            let basis = cosines(count)
            for channel in 0..<channels {
                var frequencies = [Float](repeating: 0, count: count)
                for k in 0..<count {
                    for n in 0..<count { frequencies[k] += basis[k * count + n] * series[(start + n) * channels + channel] }
                    let own = step * (1 + Float(k) / 16)
                    frequencies[k] = (frequencies[k] / own).rounded() * own
                }
                for n in 0..<count {
                    result[(start + n) * channels + channel] = (0..<count).reduce(0) { $0 + basis[$1 * count + n] * frequencies[$1] }
                }
            }
        }
        return result
    }

    /// The cosine transform of each row of a block of 8×8, transposed: twice that is the transform of rows and columns.
    private static func transformed(_ block: [Float], by basis: [Float], isInverse: Bool) -> [Float] {
        var result = [Float](repeating: 0, count: 64)
        for row in 0..<8 {
            for k in 0..<8 {
                var sum: Float = 0
                for n in 0..<8 { sum += block[row * 8 + n] * basis[isInverse ? n * 8 + k : k * 8 + n] }
                result[k * 8 + row] = sum
            }
        }
        return result
    }

    /// The orthonormal cosine transform of `count` places, a row for each frequency.
    private static func cosines(_ count: Int) -> [Float] {
        (0..<count * count).map { place in
            let (k, n) = (place / count, place % count)
            let scale = (k == 0 ? 1 : 2) / Double(count)
            return Float(scale.squareRoot() * cos(Double.pi * (Double(n) + 0.5) * Double(k) / Double(count)))
        }
    }

    private static let cosines8 = cosines(8)

    /// The steps for luminance at quality 50 (ITU-T T.81, table K.1).
    private static let luminance = [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
        18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
    ]
}
