import Configuration

extension Arrays {
    /// Which axis of a sample holds its channels in the files.
    public enum Layout: String, CaseIterable, Sendable {
        /// N×…×C.
        case channelsLast = "channels-last"
        /// N×C×…, as PyTorch stores it.
        case channelsFirst = "channels-first"
    }

    /// What happens to rows without a label.
    public enum Incomplete: String, CaseIterable, Sendable {
        /// The run ends with the number of such rows.
        case refuse
        /// They are left out and counted.
        case leaveOut = "leave-out"
    }

    /// What happens to rows that lack a modality.
    public enum OnMissing: String, CaseIterable, Sendable {
        /// They stay as samples without it, as long as they have another modality.
        case keep
        /// They are left out, and a remark counts them.
        case skip
        /// The run ends with the number of such rows.
        case stop
    }

    /// What a recipe may set. Only `modalities` is required, and one of `path` and `manifest`.
    public struct Options: Configuration.Options {
        /// Files of arrays or folders of them, whose rows are joined in order.
        public var path: [String] = []
        /// A CSV table of samples; nil where the arrays themselves list them.
        public var manifest: String?
        /// Names of arrays or of a manifest's columns, as `name` or `name=key`.
        public var modalities: [String] = []
        /// The array of what is learned.
        public var labels = "labels"
        /// What the labels are: classes, labels or values.
        public var targets = TargetKind.classes
        /// The array of domains; nil makes every file a domain of its own.
        public var domains: String? = "domains"
        /// Names of classes, labels or values, in the order of their numbers.
        public var classNames: [String] = []
        /// Names of domains, in the order of their numbers.
        public var domainNames: [String] = []
        /// The array of the prescribed split; nil leaves the split to the experiment.
        public var split: String?
        /// The array of groups, which no split divides.
        public var groups: String?
        /// The array of positions in time within a group.
        public var positions: String?
        /// The length of the windows that recordings are cut into, in steps; nil leaves every row one sample.
        public var window: Int?
        /// How many steps lie between the beginnings of two windows; nil for as many as a window has.
        public var every: Int?
        /// The array of ids that a manifest's column `id` is matched with.
        public var ids = "ids"
        /// Which axis of a sample holds its channels in the files.
        public var layout = Layout.channelsLast
        /// What happens to rows without a label.
        public var unlabeled = Incomplete.refuse
        /// What happens to rows that lack a modality.
        public var onMissing = OnMissing.keep
        /// What becomes of symbolic links that lead out of the folder of the manifest or of the arrays.
        public var links = LinkRule.inside
        /// Where the lengths of padded sequences come from, as `modality=key` or `modality=padding`.
        public var lengths: [String] = []
        /// Where it is said which rows have a modality, as `modality=key`.
        public var present: [String] = []

        /// Labels in `labels`, domains in `domains`, and all else left out; path and modalities are to
        /// be set.
        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .paths("path", \.path, "a file of arrays, a folder of them, or a list; rows are joined in order"),
                .path("manifest", \.manifest, "a CSV table of samples; its modality columns hold paths, or rows of the arrays in 'path'"),
                .texts(
                    "modalities", \.modalities, required: true,
                    "the modalities: names of arrays (or of a manifest's columns), or name=key where they differ"),
                .text("labels", \.labels, "array of what is to be learned of every row: N numbers or names of classes, or what 'targets' says"),
                .choice(
                    "targets", \.targets,
                    "what the labels are: classes; labels, N×K of 0 and 1 (in a manifest names with semicolons between them); values, N or N×V numbers"),
                .text(
                    "domains", \.domains,
                    "array of N numbers or names: the domain of every row; null makes every file a domain of its own"),
                .texts(
                    "class-names", \.classNames,
                    "names of classes 0, 1, …, of labels or of values; else from the file's metadata 'classes', 'labels' or 'values', else the "
                        + "classes themselves, label-1, …, value-1, …"),
                .texts(
                    "domain-names", \.domainNames,
                    "names of domains 0, 1, …; else from the file's metadata 'domains', else the domains themselves"),
                .text(
                    "split", \.split,
                    "array of N: 0 or train, 1 or validation, 2 or test, 3 or held-back; null leaves the split to the experiment"),
                .text("groups", \.groups, "array of N numbers or names: rows of one group stay together when splitting"),
                .text(
                    "positions", \.positions,
                    "array of N whole numbers: a row's place in time in its group; validation then takes the last part of each"),
                .integer(
                    "window", \.window, in: 1..., unit: "steps",
                    "length of the windows that every row is cut into when it is read; null leaves it one sample"),
                .integer(
                    "every", \.every, in: 1..., unit: "steps",
                    "how far apart windows begin: fewer than 'window' lets them overlap; null for the length of a window"),
                .text("ids", \.ids, "array of N numbers or names that a manifest's column 'id' is matched with"),
                .choice("layout", \.layout, "where a sample's channels lie in the files"),
                .choice("unlabeled", \.unlabeled, "what rows of label -1 or NaN or without one do: end the run, or be left out and counted"),
                .choice(
                    "on-missing", \.onMissing,
                    "what a row does that lacks a modality (an empty cell, an id that is not there, a length of 0): stay as a sample without it, be "
                        + "left out and counted, or end the run"),
                .choice("links", \.links, LinkRule.summary),
                .texts(
                    "lengths", \.lengths,
                    "for sequences that are padded at their ends, modality=key with an array (or a manifest's column) of N numbers of real steps, or "
                        + "modality=padding to take steps that are 0 to the end for padding"),
                .texts(
                    "present", \.present,
                    "for modalities that some rows lack, modality=key with an array (or a manifest's column) of N of 1 and 0: a row of 0 is a sample "
                        + "without it, whatever its array holds there"),
            ]
        }
    }
}
