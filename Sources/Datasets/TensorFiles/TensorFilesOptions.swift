import Configuration

extension TensorFiles {
    /// Where the channels of a sample lie in the files.
    public enum Layout: String, CaseIterable, Sendable {
        /// N×…×C.
        case channelsLast = "channels-last"
        /// N×C×…, as PyTorch stores it.
        case channelsFirst = "channels-first"
    }

    public struct Options: Configuration.Options {
        public var path: [String] = []
        public var modalities: [String] = []
        public var labels = "labels"
        public var domains: String? = "domains"
        public var classNames: [String] = []
        public var domainNames: [String] = []
        public var split: String?
        public var groups: String?
        public var positions: String?
        public var layout = Layout.channelsLast

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .paths("path", \.path, required: true, "a safetensors file, a folder of them, or a list; rows are joined in order"),
                .texts(
                    "modalities", \.modalities, required: true,
                    "the modalities: names of tensors, or name=tensor where they differ"),
                .text("labels", \.labels, "tensor of N whole numbers: the class of every row"),
                .text(
                    "domains", \.domains,
                    "tensor of N whole numbers: the domain of every row; null makes every file a domain of its own"),
                .texts(
                    "class-names", \.classNames,
                    "names of classes 0, 1, …; else from the file's metadata 'classes', else the numbers"),
                .texts(
                    "domain-names", \.domainNames,
                    "names of domains 0, 1, …; else from the file's metadata 'domains', else the numbers"),
                .text(
                    "split", \.split,
                    "tensor of N whole numbers: 0 train, 1 validation, 2 test; null leaves the split to the experiment"),
                .text("groups", \.groups, "tensor of N whole numbers: rows of equal number stay together when splitting"),
                .text(
                    "positions", \.positions,
                    "tensor of N whole numbers: a row's place in time in its group; validation then takes the last part of each"),
                .choice("layout", \.layout, "where a sample's channels lie in the files"),
            ]
        }
    }
}
