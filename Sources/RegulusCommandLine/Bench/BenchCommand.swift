import ArgumentParser
import Foundation
import Tensors

/// Measures this program the way the scripts in `Benchmarks` measure PyTorch.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Times a regularizer, a training step, an encoder, convolutions or the loading of samples.",
        subcommands: [MERBench.self, StepBench.self, EncoderBench.self, ConvolutionBench.self, LoadingBench.self])
}

struct BenchOptions: ParsableArguments {
    @Option(help: "Threads for matrix products and convolutions.")
    var threads = Threads.available

    @Option(help: "Measured repetitions; the median is printed.")
    var repeats = 200

    @Option(help: "Repetitions before the measurement.")
    var warmup = 20

    @Flag(help: "One JSON object instead of a sentence.")
    var json = false

    func validate() throws {
        guard threads >= 1, repeats >= 1, warmup >= 0 else { throw ValidationError("threads and repeats are at least 1, warmup at least 0") }
    }

    /// Runs `step` once for the time to the first step, then unmeasured, then measured; prints the figures.
    /// - Parameter parameters: the number of values trained, where something is trained.
    func measure(_ name: String, parameters: Int? = nil, step: () throws -> Void) throws {
        try step()
        let first = ProcessFigures.secondsSinceStart
        for _ in 0..<warmup { try step() }
        var milliseconds: [Double] = []
        for _ in 0..<repeats {
            let start = ContinuousClock.now
            try step()
            milliseconds.append(start.duration(to: .now) / .milliseconds(1))
        }
        let figures = Figures(
            name: name, threads: threads, medianMilliseconds: milliseconds.sorted()[repeats / 2],
            peakMebibytes: ProcessFigures.peakMebibytes, firstStepSeconds: first, repeats: repeats,
            parameters: parameters)
        try StandardOutput.print(json ? figures.jsonLine() : figures.sentence)
    }

    private struct Figures: Encodable {
        let name: String
        let threads: Int
        let medianMilliseconds: Double
        let peakMebibytes: Double?
        let firstStepSeconds: Double?
        let repeats: Int
        let parameters: Int?

        enum CodingKeys: String, CodingKey {
            case name, threads, repeats, parameters
            case medianMilliseconds = "median_ms"
            case peakMebibytes = "peak_mib"
            case firstStepSeconds = "first_step_s"
        }

        func jsonLine() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }

        var sentence: String {
            let memory = peakMebibytes.map { String(format: ", %.0f MiB at most", $0) } ?? ""
            return "\(name), \(threads) threads: \(String(format: "%.3f", medianMilliseconds)) ms, the median of \(repeats)\(memory)"
        }
    }
}
