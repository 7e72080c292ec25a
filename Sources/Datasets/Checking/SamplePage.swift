import Configuration
import Foundation
import Media

/// One page of what a data set shows: frames, flow and spectrograms of some rows of every domain, as SVG.
package enum SamplePage {
    private static let thumbnail = 112
    private static let gap = 8
    private static let caption = 18

    /// - Parameters:
    ///   - perDomain: rows of each domain, of different classes where there are.
    ///   - view: as evaluation or as training is shown them.
    package static func svg(_ dataset: any Dataset, perDomain: Int = 3, view: SampleView = .evaluation) -> String? {
        guard let dataset = dataset as? any DecodingDataset else { return nil }
        var body: [String] = []
        var top = gap
        var width = 0
        for row in rows(of: dataset, perDomain: perDomain) {
            let title = "\(dataset.facts.domains[dataset.domains[row]]) · \(target(of: row, in: dataset)) · row \(row)"
            body.append(#"<text x="\#(gap)" y="\#(top + 12)">\#(escaped(title))</text>"#)
            top += caption
            var left = gap
            for modality in dataset.facts.modalityNames {
                do throws(MediaFault) {
                    for picture in try dataset.decode(row, modality: modality, view: view).thumbnails(count: 4) {
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
    private static func target(of row: Int, in dataset: any Dataset) -> String {
        let targets = dataset.facts.targets
        guard let values = dataset.targetValues else { return targets.names[dataset.labels[row]] }
        let own = values[row * targets.width..<(row + 1) * targets.width]
        return zip(targets.names, own).filter { targets.kind == .values || $1 == 1 }.map { targets.kind == .values ? "\($0) \($1)" : $0 }
            .joined(separator: ", ")
    }

    /// The first row of each class in turn, until there are enough.
    private static func rows(of dataset: any DecodingDataset, perDomain: Int) -> [Int] {
        dataset.facts.domains.indices.flatMap { domain in
            var chosen: [Int] = []
            var classes: Set<Int> = []
            let rows = dataset.labels.indices.filter { dataset.domains[$0] == domain }
            for row in rows where chosen.count < perDomain && classes.insert(dataset.labels[row]).inserted { chosen.append(row) }
            for row in rows where chosen.count < perDomain && !chosen.contains(row) { chosen.append(row) }
            return chosen
        }
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }
}
