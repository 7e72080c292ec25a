import Configuration
import Foundation
import Media

/// A page that shows frames, flow and spectrograms of some rows of every domain, as SVG with the
/// pictures inside: one file to look at before training.
package enum SamplePage {
    /// The height of a picture in pixels.
    private static let thumbnail = 112
    /// The space around a picture in pixels.
    private static let gap = 8
    /// The height of a caption in pixels.
    private static let caption = 18

    /// The page; nil for a data set without pictures. A file that cannot be decoded is named in place
    /// of its picture.
    ///
    /// - Parameters:
    ///   - dataset: one that is decoded from files.
    ///   - perDomain: the number of rows of each domain, of different classes where possible.
    ///   - view: what evaluation or what training is shown of them.
    ///
    /// - Returns: the SVG document. A modality that a row lacks leaves no gap in the page; each other
    ///   one is shown in up to four pictures of 112 pixels' height.
    package static func svg(_ dataset: any Dataset, perDomain: Int = 3, view: SampleView = .evaluation) -> String? {
        guard let decoder = dataset.decoder else { return nil }
        var body: [String] = []
        var top = gap
        var width = 0
        for row in rows(of: dataset, perDomain: perDomain) {
            let title = "\(dataset.facts.domains[dataset.domains[row]]) · \(target(of: row, in: dataset)) · row \(row)"
            body.append(#"<text x="\#(gap)" y="\#(top + 12)">\#(escaped(title))</text>"#)
            top += caption
            var left = gap
            for modality in dataset.facts.modalityNames where (try? dataset.presence([row], modality: modality))?.contains(0) != false {
                do throws(MediaFault) {
                    for picture in try decoder.decode(row, modality: modality, view: view).thumbnails(count: 4) {
                        let shown = PictureSize(
                            width: picture.width * thumbnail / picture.height, height: thumbnail)
                        let data = PNG.encoded(picture.resized(to: shown)).base64EncodedString()
                        body.append(
                            #"<image x="\#(left)" y="\#(top)" width="\#(shown.width)" height="\#(shown.height)" "#
                                + #"href="data:image/png;base64,\#(data)"/>"#)
                        left += shown.width + gap
                    }
                } catch {
                    body.append(#"<text x="\#(left)" y="\#(top + 12)" fill="red">\#(escaped("\(modality): \(error)"))</text>"#)
                    left += 4 * (thumbnail + gap)
                }
            }
            width = max(width, left)
            top += thumbnail + gap
        }
        return
            #"<svg xmlns="http://www.w3.org/2000/svg" width="\#(width)" height="\#(top)" font-family="sans-serif" font-size="12">"#
            + "\n" + #"<rect width="100%" height="100%" fill="white"/>"# + "\n" + body.joined(separator: "\n") + "\n</svg>\n"
    }

    /// The class of a row, its labels or its values.
    ///
    /// Of several labels those that apply, separated by commas; of values each with its name.
    private static func target(of row: Int, in dataset: any Dataset) -> String {
        let targets = dataset.facts.targets
        guard let values = dataset.targetValues else { return targets.names[dataset.labels[row]] }
        let own = values[row * targets.width..<(row + 1) * targets.width]
        return zip(targets.names, own).filter { targets.kind == .values || $1 == 1 }.map { targets.kind == .values ? "\($0) \($1)" : $0 }
            .joined(separator: ", ")
    }

    /// Rows of each domain: the first row of each class in turn, then further rows until there are
    /// enough.
    private static func rows(of dataset: any Dataset, perDomain: Int) -> [Int] {
        dataset.facts.domains.indices.flatMap { domain in
            var chosen: [Int] = []
            var classes: Set<Int> = []
            let rows = dataset.labels.indices.filter { dataset.domains[$0] == domain }
            for row in rows where chosen.count < perDomain && classes.insert(dataset.labels[row]).inserted { chosen.append(row) }
            for row in rows where chosen.count < perDomain && !chosen.contains(row) { chosen.append(row) }
            return chosen
        }
    }

    /// The text with the characters replaced that XML reserves.
    private static func escaped(_ text: String) -> String {
        text.spelling(["&": "&amp;", "<": "&lt;"])
    }
}
