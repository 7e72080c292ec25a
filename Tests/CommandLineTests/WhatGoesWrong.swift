import Foundation
import TestSupport

/// The article on slips, against which tests hold what the program says.
enum WhatGoesWrong {
    /// Its lines.
    static let lines: [String] = {
        ((try? Repository.text("Sources/Regulus/Regulus.docc/WhatGoesWrong.md")) ?? "").components(separatedBy: "\n")
    }()

    /// The first program in it.
    static let program: String = {
        let after = lines.drop { $0 != "```swift" }.dropFirst()
        return after.prefix { $0 != "```" }.joined(separator: "\n") + "\n"
    }()

    /// Its lines that begin like this.
    static func lines(beginning start: String) -> [String] { lines.filter { $0.hasPrefix(start) } }
}
