import Tensors

/// Where each row of a modality is stored.
///
/// Nearly always these are the rows of one array in their order. They are only counted then: a list of a million places takes more memory than many an array,
/// and whoever looked a row up in it would wait for two pieces of memory instead of one.
struct RowPlaces: Sendable {
    private enum Form: Sendable {
        /// The first rows of the first array, and how many of them there are.
        case inOrder(Int)
        /// Nil for a row that lacks the modality.
        case listed([StoredRows.Place?])
    }

    private var form: Form
    /// Whether no row lacks the modality.
    private(set) var areAllThere: Bool

    /// The first rows of the first array, in their order.
    init(firstRows count: Int) { (form, areAllThere) = (.inOrder(count), true) }

    /// - Parameter places: of each row; nil for one that lacks the modality.
    init(_ places: [StoredRows.Place?]) {
        let areInOrder = places.indices.allSatisfy { places[$0] == StoredRows.Place(array: 0, row: $0) }
        (form, areAllThere) = areInOrder ? (.inOrder(places.count), true) : (.listed(places), !places.contains(nil))
    }

    /// The number of rows.
    var count: Int {
        switch form {
        case .inOrder(let count): count
        case .listed(let places): places.count
        }
    }

    /// Where a row is stored; nil where it lacks the modality.
    ///
    /// - Precondition: there is such a row.
    subscript(row: Int) -> StoredRows.Place? {
        switch form {
        case .inOrder(let count):
            require(row >= 0 && row < count, "row \(row) does not exist in \(count) rows")
            return StoredRows.Place(array: 0, row: row)
        case .listed(let places): return places[row]
        }
    }

    private var listed: [StoredRows.Place?] { (0..<count).map { self[$0] } }

    /// These places followed by others.
    ///
    /// - Parameter arrays: how many arrays there are before those of the others.
    func joined(_ other: RowPlaces, arraysBefore arrays: Int) -> RowPlaces {
        RowPlaces(listed + other.listed.map { place in place.map { StoredRows.Place(array: $0.array + Int32(arrays), row: $0.row) } })
    }

    /// Only some of the rows, in this order.
    func keeping(_ rows: [Int]) -> RowPlaces { RowPlaces(rows.map { self[$0] }) }

    /// Takes it that rows lack the modality.
    ///
    /// - Parameter present: whether each row has it.
    mutating func lack(except present: [Bool]) {
        guard present.contains(false) else { return }
        var places = listed
        for (row, isPresent) in present.enumerated() where !isPresent { places[row] = nil }
        self = RowPlaces(places)
    }
}
