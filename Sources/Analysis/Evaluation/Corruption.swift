import Glibc
import Tensors

/// A way in which what a sensor delivers goes wrong, in five severities.
///
/// Samples are arrays with the channel last: a series `T×C`, a picture or a spectrogram `H×W×C`, a film
/// `T×H×W×C`. Noise and drift are measured by the sample's own standard deviation `s` over all of its
/// numbers, and lengths by the sample's own extent, so that a severity means the same to a sensor of
/// any unit and rate. The tables are of this program; those of `defocus` and `wind` follow MMDG-Bench's
/// first author's earlier generator (radii 3, 4, 6, 8, 10 for pictures 224 wide; −16 to −8 dB), with
/// wind made of noise here, since the recording that it lays over is not public.
///
/// | | severity 1 to 5 |
/// |---|---|
/// | `white-noise` | normal noise of deviation 0.25, 0.5, 0.75, 1, 1.5 times `s` |
/// | `wind` | slow noise (each step 0.99 times the last one and something new) at −16, −14, −12, −10, −8 dB of the sample's power |
/// | `drift` | each channel leaves its zero in a line, to ±0.5, 1, 1.5, 2, 3 times `s` at the end |
/// | `gap` | a stretch of 10, 20, 30, 40, 50 % of the time is each channel's mean |
/// | `frame-loss` | each moment after the first repeats the last one that arrived, with probability 0.1, 0.2, 0.3, 0.4, 0.5 |
/// | `blur` | a normal window of deviation 1, 2, 3, 4, 6 at an extent of 224; along time in a series |
/// | `defocus` | a disk of radius 3, 4, 6, 8, 10 at an extent of 224, and an edge that falls off over one place |
/// | `compression` | JPEG of quality 25, 18, 15, 10, 7, frame by frame; in a series, frequencies of 16 steps rounded to 0.5, 1, 2, 3, 4 times `s` and more |
public enum Corruption: String, CaseIterable, Sendable, Hashable {
    /// Independent normal noise.
    case whiteNoise = "white-noise"
    /// Slow noise, as of wind over a microphone.
    case wind
    /// A zero that wanders off in a line.
    case drift
    /// A stretch without a signal.
    case gap
    /// Moments that did not arrive.
    case frameLoss = "frame-loss"
    /// A normal window over the neighboring places.
    case blur
    /// A disk over the neighboring places, as of a lens out of focus.
    case defocus
    /// What a codec leaves out.
    case compression

    /// The severities that there are.
    public static let severities = 1...5

    /// Whether samples of a shape, the channel last, can suffer it.
    public func suits(_ shape: [Int]) -> Bool {
        switch self {
        case .whiteNoise: true
        case .wind, .drift: shape.count == 2
        case .gap, .frameLoss: shape.count == 2 || shape.count == 4
        case .blur, .compression: (2...4).contains(shape.count)
        case .defocus: shape.count == 3 || shape.count == 4
        }
    }

    /// The number of the table for a severity; one below 1 or above 5 counts as the nearest.
    private func amount(_ severity: Int, isSeries: Bool) -> Float {
        let table: [Float] =
            switch self {
            case .whiteNoise: [0.25, 0.5, 0.75, 1, 1.5]
            case .wind: [-16, -14, -12, -10, -8]
            case .drift: [0.5, 1, 1.5, 2, 3]
            case .gap, .frameLoss: [0.1, 0.2, 0.3, 0.4, 0.5]
            case .blur: [1, 2, 3, 4, 6]
            case .defocus: [3, 4, 6, 8, 10]
            // Of pictures the quality, and of series the step: see ``BlockCompression``.
            case .compression: isSeries ? [0.5, 1, 2, 3, 4] : [25, 18, 15, 10, 7]
            }
        return table[min(max(severity, 1), 5) - 1]
    }

    /// One corrupted sample.
    ///
    /// - Parameters:
    ///   - sample: its numbers, row-major.
    ///   - shape: of the sample; one that the corruption does not suit leaves it as it is.
    ///   - length: how many places of a series are real, from the first one; nil for all.
    ///   - severity: from 1 to 5; what is beyond counts as the nearest.
    ///   - stream: where its random numbers come from; equal streams make the same gap, noise and
    ///     losses at any severity.
    ///
    /// Padding beyond `length` keeps its bits, and so does a sample whose shape does not hold its
    /// numbers. A sample of one place, or a constant one, has deviation 0: noise and drift leave it as
    /// it is.
    ///
    /// - Returns: as many numbers as the sample has.
    public func applied(to sample: [Float], shape: [Int], length: Int? = nil, severity: Int, stream: RandomStream) -> [Float] {
        guard suits(shape), !sample.isEmpty, shape.reduce(1, *) == sample.count else { return sample }
        let isPicture = shape.count == 3
        let steps = isPicture || shape.count < 2 ? 1 : shape[0]
        let width = sample.count / steps
        // Beyond the end of a padded series nothing is real, and nothing changes.
        let real = min(length ?? steps, steps)
        guard real > 0 else { return sample }
        var (values, stream) = (Array(sample[..<(real * width)]), stream)
        let amount = amount(severity, isSeries: shape.count == 2)
        switch self {
        case .whiteNoise:
            let deviation = amount * Self.deviation(values)
            for index in values.indices { values[index] += deviation * stream.normal() }
        case .wind:
            let noise = Self.slowNoise(steps: real, channels: width, &stream)
            let (power, own) = (Self.power(values), Self.power(noise))
            guard own > 0 else { break }
            let scale = (power / own * powf(10, amount / 10)).squareRoot()
            for index in values.indices { values[index] += scale * noise[index] }
        case .drift:
            let reach = amount * Self.deviation(values)
            let signs = (0..<width).map { _ in stream.uniform() < 0.5 ? -reach : reach }
            for step in 0..<real {
                let share = real > 1 ? Float(step) / Float(real - 1) : 0
                for channel in 0..<width { values[step * width + channel] += share * signs[channel] }
            }
        case .gap:
            let extent = min(real, Int((amount * Float(real)).rounded()))
            let first = Int(stream.uniform() * Float(real - extent + 1))
            let means = (0..<width).map { channel in Self.mean(stride(from: channel, to: values.count, by: width).map { values[$0] }) }
            for step in first..<min(first + extent, real) {
                for channel in 0..<width { values[step * width + channel] = means[channel] }
            }
        case .frameLoss:
            for step in 1..<max(real, 1) where stream.uniform() < amount {
                for channel in 0..<width { values[step * width + channel] = values[(step - 1) * width + channel] }
            }
        case .blur where shape.count == 2:
            values = Self.smoothed(values, extent: real, inner: width, by: amount * Float(real) / 224)
        case .compression where shape.count == 2:
            values = BlockCompression.series(values, channels: width, step: amount * Self.deviation(values))
        case .blur, .defocus, .compression:
            let (height, across, channels) = (shape[shape.count - 3], shape[shape.count - 2], shape[shape.count - 1])
            let scale = Float(min(height, across)) / 224
            let frame = height * across * channels
            for start in stride(from: 0, to: values.count, by: frame) {
                let picture = Array(values[start..<start + frame])
                let changed =
                    switch self {
                    case .blur: Self.blurred(picture, height, across, channels, by: amount * scale)
                    case .compression: BlockCompression.jpeg(picture, height, across, channels, quality: Int(amount))
                    default: Self.defocused(picture, height, across, channels, radius: amount * scale)
                    }
                values.replaceSubrange(start..<start + frame, with: changed)
            }
        }
        return values + sample[(real * width)...]
    }

    /// Summed in double precision; 0 of no values.
    private static func mean(_ values: [Float]) -> Float {
        Float(values.reduce(0) { $0 + Double($1) } / Double(max(values.count, 1)))
    }

    /// The mean of the squares.
    private static func power(_ values: [Float]) -> Float { mean(values.map { $0 * $0 }) }

    /// The standard deviation of all numbers together, `1/N`.
    private static func deviation(_ values: [Float]) -> Float {
        let mean = mean(values)
        return power(values.map { $0 - mean }).squareRoot()
    }

    /// A random walk that is drawn back to 0, for each channel by itself: `n_t = 0.99 n_{t−1} + N(0,
    /// 1)`.
    ///
    /// - Returns: `T×C`, row-major.
    private static func slowNoise(steps: Int, channels: Int, _ stream: inout RandomStream) -> [Float] {
        var state = [Float](repeating: 0, count: channels)
        var noise: [Float] = []
        noise.reserveCapacity(steps * channels)
        for _ in 0..<steps {
            for channel in 0..<channels {
                state[channel] = 0.99 * state[channel] + stream.normal()
                noise.append(state[channel])
            }
        }
        return noise
    }

    /// A normal window along an axis of `extent` places, each of `inner` numbers; at the ends the last
    /// place is repeated.
    ///
    /// - Parameter deviation: of the window, in places; one of 0.05 or less leaves the values as they
    ///   are. The window reaches three deviations to either side.
    private static func smoothed(_ values: [Float], extent: Int, inner: Int, by deviation: Float) -> [Float] {
        let reach = Int((3 * deviation).rounded(.up))
        guard reach > 0, deviation > 0.05 else { return values }
        let weights = (-reach...reach).map { expf(-Float($0 * $0) / (2 * deviation * deviation)) }
        let sum = weights.reduce(0, +)
        var result = values
        for place in 0..<extent {
            for channel in 0..<inner {
                var total: Float = 0
                for (index, weight) in weights.enumerated() {
                    let other = min(max(place + index - reach, 0), extent - 1)
                    total += weight * values[other * inner + channel]
                }
                result[place * inner + channel] = total / sum
            }
        }
        return result
    }

    /// A picture under a normal window along both axes, one after the other, `H×W×C`.
    private static func blurred(_ picture: [Float], _ height: Int, _ width: Int, _ channels: Int, by deviation: Float) -> [Float] {
        let down = smoothed(picture, extent: height, inner: width * channels, by: deviation)
        return (0..<height).flatMap { row in
            smoothed(Array(down[row * width * channels..<(row + 1) * width * channels]), extent: width, inner: channels, by: deviation)
        }
    }

    /// A picture under a disk of equal weights whose edge falls off over one place, `H×W×C`; at the
    /// borders the last place is repeated.
    ///
    /// - Parameter radius: in places.
    /// - Complexity: `O(H W C radius²)`.
    private static func defocused(_ picture: [Float], _ height: Int, _ width: Int, _ channels: Int, radius: Float) -> [Float] {
        let reach = Int((radius + 1).rounded(.up))
        var disk: [(down: Int, across: Int, weight: Float)] = []
        for down in -reach...reach {
            for across in -reach...reach {
                let distance = Float(down * down + across * across).squareRoot()
                // Also a radius below one place takes something from the neighbors.
                let weight = min(max(radius + 1 - distance, 0), 1)
                if weight > 0 { disk.append((down, across, weight)) }
            }
        }
        let sum = disk.reduce(0) { $0 + $1.weight }
        guard sum > 0 else { return picture }
        var result = picture
        for row in 0..<height {
            for column in 0..<width {
                for channel in 0..<channels {
                    var total: Float = 0
                    for (down, across, weight) in disk {
                        let (y, x) = (min(max(row + down, 0), height - 1), min(max(column + across, 0), width - 1))
                        total += weight * picture[(y * width + x) * channels + channel]
                    }
                    result[(row * width + column) * channels + channel] = total / sum
                }
            }
        }
        return result
    }
}
