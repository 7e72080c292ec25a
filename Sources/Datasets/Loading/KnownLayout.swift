import Persistence

/// The data set that a folder looks like, by what lies in it: for whoever named the folder of another one.
enum KnownLayout {
    /// Data sets, and a file or folder that their layout has.
    private static let signs = [
        ("epic-kitchens", EpicSplits.folder), ("hac", HACSplits.folder), ("hust-motor", "H_5HZ.txt"), ("hust-motor", "Motor_Vib.mat"),
        ("sentiment", "mosi.pkl"), ("sentiment", "mosei.pkl"), ("sentiment", "sims.pkl"),
    ]

    /// A remark to put behind a message, such as ` (it looks like the data set 'hac')`; empty where the
    /// folder looks like none, or like the one that was asked for.
    static func remark(on root: String, asFor dataset: String) -> String {
        let names = Set((try? Folder.names(in: root)) ?? [])
        guard let found = signs.first(where: { names.contains($0.1) })?.0, found != dataset else { return "" }
        return " (it looks like the data set '\(found)')"
    }
}
