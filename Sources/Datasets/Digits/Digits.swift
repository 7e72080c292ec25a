import Configuration
import Tensors
import Weights

/// A bundled real data set: spoken and written digits, 3000 pairs in three domains; `digits` in a
/// recipe.
///
/// Sources: Free Spoken Digit Dataset (CC BY-SA 4.0), MNIST (CC BY-SA 3.0), Semeion and optdigits (UCI,
/// CC BY 4.0). The file is offered under CC BY-SA 4.0; notices and citations are in the same folder.
/// Recording and picture of a pair show the same digit and are otherwise independent: given class and
/// domain, neither tells anything about the other.
///
/// The modalities are `audio`, a log-mel spectrogram of 48 steps and 32 bands in decibels below the
/// maximum (−80 to 0), and `image`, 28×28 pixels from 0 to 1; or the halves of both: `audio-low` and
/// `audio-high`, 16 bands each, `image-top` and `image-bottom`, 14 lines each.
///
/// ```yaml
/// data: {use: digits, domains: speakers, shape: pictures}
/// ```
public struct Digits: DatasetPlugin, HoldsArrays {
    /// What counts as a domain.
    public enum Domains: String, CaseIterable, Sendable {
        /// A pair of speakers and a collection of handwriting.
        case groups
        /// Each of the six speakers.
        case speakers
    }

    /// The shape in which samples are given to an encoder.
    public enum Shape: String, CaseIterable, Sendable {
        /// A series of rows: sound 48×32 (steps × bands), pictures 28×28 (lines × pixels).
        case series
        /// One channel: sound 32×48×1, pictures 28×28×1.
        case pictures
    }

    /// What counts as a modality.
    public enum Modalities: String, CaseIterable, Sendable {
        /// Sound and picture.
        case whole
        /// The lower and the upper bands of the sound, the upper and the lower lines of the picture.
        case halves
    }

    /// What a recipe may set.
    public struct Options: Configuration.Options {
        /// What counts as a domain.
        public var domains = Domains.groups
        /// The shape in which samples are given to an encoder.
        public var shape = Shape.series
        /// What counts as a modality.
        public var modalities = Modalities.whole

        /// Three groups, two modalities, and samples as series of rows.
        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("domains", \.domains, "what a domain is: a pair of speakers with one collection of handwriting, or one speaker"),
                .choice("shape", \.shape, "series: sound 48×32 and pictures 28×28 line by line; pictures: 32×48×1 and 28×28×1"),
                .choice("modalities", \.modalities, "what a modality is: sound and picture, or the lower and the upper half of each"),
            ]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "digits",
            summary: "bundled real set: 3000 spoken and written digits, 6 speakers, 3 collections of handwriting",
            source: "Free Spoken Digit Dataset, MNIST, Semeion, optdigits; the file has the license CC BY-SA 4.0, with notices beside it",
            options: Options.descriptions,
            notes: [
                "modalities: audio (log-mel, decibels below the maximum), image (0 to 1); halves: audio-low, audio-high, image-top, image-bottom",
                "validation uses takes 0–9 of the source domains, which are held back from training; the held-out domain is reported on its own takes 0–9",
                "given digit and domain, the two modalities of a sample are independent",
            ])
    }

    /// The file and its digest.
    static let file = BundledFile(
        folder: "digits", name: "digits.npz", digest: "8b8ebf116a2499498d25db94a15bac82651900fcbd3a53325a1204d75e02a791")

    /// The speakers, in the order of their numbers.
    private static let speakerNames = ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"]

    /// The modalities, the names of the domains, and the ten digits.
    public let facts: DatasetFacts
    /// The digit of each pair, 0 to 9.
    public let labels: [Int]
    /// The group, or the speaker, of each pair.
    public let domains: [Int]
    /// Training, or held back: takes 0 to 9 of every speaker.
    public let split: [SplitName]?
    /// The speaker of every row, an index into george, jackson, lucas, nicolas, theo, yweweler.
    public let speakers: [Int]
    /// The take of every recording, 0 to 49.
    public let takes: [Int]

    /// All modalities, in memory.
    let arrays: [ModalityArray]

    /// Reads the bundled file.
    ///
    /// - Throws: `DatasetFault` where it is missing or damaged.
    public init(options: Options) throws(DatasetFault) {
        let path = try Self.file.path()
        do throws(WeightsFault) {
            let file = try ArrayFile(path)
            let sound = try file.array("audio")
            let image = try file.array("image")
            let levels = try sound.floats(rows: 0..<sound.rowCount).map { $0 / 255 * 80 - 80 }
            let pixels = try image.floats(rows: 0..<image.rowCount).map { $0 / 255 }
            guard sound.shape.dropFirst() == [32, 48], image.shape.dropFirst() == [28, 28] else {
                throw sound.fault("has shape \(sound.shapeText)")
            }
            let whole: [ModalityArray]
            // The axis of bands, in the shape that was asked for; lines of the picture come first in both.
            let bands: Int
            switch options.shape {
            case .series:
                bands = 1
                whole = [
                    ModalityArray(
                        name: "audio", sampleShape: [48, 32],
                        values: ModalityArray.channelsLast(levels, rows: sound.rowCount, channels: 32, positions: 48)),
                    ModalityArray(name: "image", sampleShape: [28, 28], values: pixels),
                ]
            case .pictures:
                bands = 0
                whole = [
                    ModalityArray(name: "audio", sampleShape: [32, 48, 1], values: levels),
                    ModalityArray(name: "image", sampleShape: [28, 28, 1], values: pixels),
                ]
            }
            arrays =
                switch options.modalities {
                case .whole: whole
                case .halves:
                    [
                        whole[0].part("audio-low", axis: bands, 0..<16), whole[0].part("audio-high", axis: bands, 16..<32),
                        whole[1].part("image-top", axis: 0, 0..<14), whole[1].part("image-bottom", axis: 0, 14..<28),
                    ]
                }
            labels = try file.array("labels").integers()
            speakers = try file.array("speaker").integers()
            takes = try file.array("take").integers()
            split = try file.array("split").integers().map { $0 == 0 ? SplitName.train : .heldBack }
            switch options.domains {
            case .groups: domains = try file.array("domains").integers()
            case .speakers: domains = speakers
            }
        } catch {
            throw DatasetFault(message: "\(error)")
        }
        let names = options.domains == .groups ? ["george-jackson-mnist", "lucas-nicolas-semeion", "theo-yweweler-optdigits"] : Self.speakerNames
        facts = DatasetFacts(arrays, domains: names, classes: (0...9).map(String.init), domainOfRow: domains)
    }

    /// Some pairs' samples of a modality, `N×(sample shape)`.
    ///
    /// - Throws: `DatasetFault` for an unknown modality.
    public func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        guard let inputs = arrays.inputs(rows, modality: modality) else { throw unknownModality(modality) }
        return inputs
    }
}
