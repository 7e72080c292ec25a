/// The known name that a mistyped one most likely stands for, or nil where none is near.
///
/// Near means: no more slips than a third of the longer name (a letter changed, left out, added, or two neighbors
/// exchanged), at least one. Case does not count, nor does `_` or a space for `-`. Of equally near names the first wins.
///
/// Cost: length of the name × length of all names.
public func nearestName(to name: String, among names: some Sequence<String>) -> String? {
    let typed = folded(name)
    // A name longer than any sensible one would only cost time: its distance cannot be small.
    guard !typed.isEmpty, typed.count <= 256 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in names where candidate != name {
        let known = folded(candidate)
        let allowed = max(1, max(typed.count, known.count) / 3)
        guard abs(typed.count - known.count) <= allowed, min(typed.count, known.count) > 1 || typed == known else { continue }
        let distance = slips(from: typed, to: known)
        if distance <= allowed && distance < (best?.distance ?? .max) { best = (candidate, distance) }
    }
    return best?.name
}

private func folded(_ name: String) -> [Character] {
    name.lowercased().map { $0 == "_" || $0 == " " ? "-" : $0 }
}

/// Optimal string alignment distance (Damerau–Levenshtein without editing a transposed pair again).
private func slips(from a: [Character], to b: [Character]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
            row.append(cost)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
