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
                .paths("path", \.path, "a file of arrays, a folder of them, or a list of both; their rows are joined in this order"),
                .path("manifest", \.manifest, "a CSV table of samples; its modality columns hold paths, or rows of the arrays in 'path'"),
                .texts(
                    "modalities", \.modalities, required: true,
                    "the modalities: names of arrays (or of columns of the manifest), or name=key if a modality has another name than its array"),
                .text("labels", \.labels, "array with the label of every row: N numbers or names of classes, or what 'targets' says"),
                .choice(
                    "targets", \.targets,
                    "what is learned: classes; labels, N×K of 0 and 1 (in a manifest, names separated by semicolons); values, N or N×V numbers"),
                .text(
                    "domains", \.domains,
                    "array with the domain of every row, N numbers or names; with null, every file is a domain of its own"),
                .texts(
                    "class-names", \.classNames,
                    "names of classes 0, 1, …, of labels or of values; by default those in the file's metadata 'classes', 'labels' or 'values', or else "
                        + "the classes themselves, label-1, …, value-1, …"),
                .texts(
                    "domain-names", \.domainNames,
                    "names of domains 0, 1, …; by default those in the file's metadata 'domains', or else the domains themselves"),
                .text(
                    "split", \.split,
                    "array with the part of every row: 0 or train, 1 or validation, 2 or test, 3 or held-back; with null, the recipe decides"),
                .text("groups", \.groups, "array with the group of every row, N numbers or names; a split never divides a group"),
                .text(
                    "positions", \.positions,
                    "array with the place in time of every row in its group, N whole numbers; validation then takes the last part of each group"),
                .integer(
                    "window", \.window, in: 1..., unit: "steps",
                    "length of the windows into which every row is cut when it is read; with null, a row is one sample"),
                .integer(
                    "every", \.every, in: 1..., unit: "steps",
                    "steps from the start of one window to the start of the next; fewer than 'window' makes them overlap; null for the length of a window"),
                .text("ids", \.ids, "array with the id of every row, N numbers or names, by which rows are matched with the column 'id' of the manifest"),
                .choice("layout", \.layout, "where a sample's channels lie in the files"),
                .choice("unlabeled", \.unlabeled, "rows without a label, or with -1 or NaN as label: refuse them, or leave them out and count them"),
                .choice(
                    "on-missing", \.onMissing,
                    "rows that lack a modality (an empty cell, an id that is not found, a length of 0): keep them as samples without it, leave them out and "
                        + "count them, or refuse them"),
                .choice("links", \.links, LinkRule.summary),
                .texts(
                    "lengths", \.lengths,
                    "for sequences that are padded at their ends: modality=key, where key is an array (or a column of the manifest) with the number of "
                        + "real steps in each row, or modality=padding, if all trailing steps that are 0 are padding"),
                .texts(
                    "present", \.present,
                    "for modalities that some rows lack: modality=key, where key is an array (or a column of the manifest) with 1 for each row that has "
                        + "the modality and 0 for each that lacks it, whatever values stand there"),
            ]
        }
    }
}
