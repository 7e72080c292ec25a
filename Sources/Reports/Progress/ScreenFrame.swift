/// The text that draws lines in place of those that were drawn before.
///
/// The cursor stands below the last line after every frame, at the left and visible: whatever ends the program, the shell goes on below.
package enum ScreenFrame {
    private static let (hide, show) = ("\u{1B}[?25l", "\u{1B}[?25h")
    private static let (wipeRest, wipeBelow) = ("\u{1B}[K", "\u{1B}[J")
    private static let wipeScreen = "\u{1B}[H\u{1B}[2J"

    /// - Parameters:
    ///   - lines: what to draw, short enough not to wrap.
    ///   - drawn: how many lines the frame before had; nil where they are not in their places any more, because the terminal has another
    ///     size: everything that is visible is wiped then.
    package static func text(_ lines: [String], replacing drawn: Int?) -> String {
        let start = drawn.map { $0 > 0 ? "\u{1B}[\($0)A\r" : "\r" } ?? wipeScreen
        // A line ends before the rest of its row is wiped, so that nothing flickers.
        return hide + start + lines.map { $0 + wipeRest + "\r\n" }.joined() + wipeBelow + show
    }
}
