import Configuration

/// A data set of clips of films that split files list: what EPIC-Kitchens and HAC both are.
///
/// What is known of its rows comes from the list, shapes from the reader; the data set itself says which files a row has and how they
/// are read.
package protocol ClipDataset: DecodingDataset {
    var films: FilmList { get }
    var reader: ClipReader { get }
}

extension ClipDataset {
    /// The class of every row.
    public var labels: [Int] { films.labels }
    /// The domain of every row.
    public var domains: [Int] { films.domains }
    /// The film of every row.
    public var groups: [Int]? { films.groups }
    /// The part of the published split that every row belongs to.
    public var split: [SplitName]? { films.split }

    package func sampleShape(_ modality: String, view: SampleView) -> [Int]? { reader.shape(modality, view: view) }

    /// Frames of films and of flow wait as pictures, spectrograms as numbers.
    package func bytesOfValue(_ modality: String) -> Int { modality == "audio" ? MemoryLayout<Float>.stride : 1 }
}

/// Rows as split files list them: a list for each domain and part, one after another.
package struct FilmList: Sendable {
    /// The rows of one split file.
    struct Part {
        let domain: Int
        let part: SplitName
        /// The class of each row.
        let labels: [Int]
        /// Which film each row is from: where it lies below the data set's root, without what differs from modality to modality.
        let names: [String]
    }

    let domainNames: [String]
    let labels: [Int]
    let domains: [Int]
    let split: [SplitName]
    let names: [String]
    /// A number for each row, equal for rows of one film.
    let groups: [Int]

    init(domains domainNames: [String], _ parts: [Part]) {
        self.domainNames = domainNames
        labels = parts.flatMap(\.labels)
        domains = parts.flatMap { part in part.labels.map { _ in part.domain } }
        split = parts.flatMap { part in part.labels.map { _ in part.part } }
        names = parts.flatMap(\.names)
        let places = Dictionary(uniqueKeysWithValues: Set(names).sorted().enumerated().map { ($1, $0) })
        groups = names.compactMap { places[$0] }
    }

    func facts(modalities: [DatasetFacts.ModalityFacts], classes: [String]) -> DatasetFacts {
        DatasetFacts(
            modalities: modalities, domains: domainNames, classes: classes, samplesPerDomain: tally(domains, kinds: domainNames.count))
    }
}
