import Foundation
import Recipes
import Results

extension RunFolder {
    /// The folder of `--out`, or the study's own below `runs`.
    init(choosing path: String?, for study: Study) {
        self.init(URL(fileURLWithPath: path ?? "runs/\(SafeName.encode(study.name))"))
    }
}
