import Results

/// How the media files of one row's trials were read, summed over them.
package struct RowLoading: Hashable, Sendable {
    package let row: String
    package let record: LoadingRecord

    /// One entry for every row of which some trial decoded files, over all variants and repetitions; failed trials included.
    package static func all(of trials: TrialSet) -> [RowLoading] {
        trials.settings.rows.compactMap { row in
            let records = trials.settings.variants.flatMap { trials.results(row: row, variant: $0).compactMap(\.loading) }
            guard let first = records.first else { return nil }
            return RowLoading(row: row, record: records.dropFirst().reduce(first, +))
        }
    }
}
