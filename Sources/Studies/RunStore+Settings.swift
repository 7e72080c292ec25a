import Foundation
import Persistence
import Results

/// What a run set out to do, and the recipe that it was made from.
extension RunStore {
    /// What the run set out to do; nil where nothing says so.
    ///
    /// - Throws: `DamagedFile`.
    package func settings() throws(DamagedFile) -> RunSettings? { try value(RunSettings.self, at: folder.settings) }

    /// - Throws: `FileFault`.
    package func write(_ settings: RunSettings) throws {
        try seal(settings, to: folder.settings)
    }

    /// The recipe that is there; nil where there is none, or something that is none.
    private func presentRecipe() throws(FileFault) -> String? {
        do throws(FileFault) { return try FileContents.text(folder.resolvedRecipe.path) } catch {
            if error.mayPass { throw error }
            return nil
        }
    }

    /// Writes the recipe and the settings of a run, and keeps those of another recipe whose results are
    /// kept.
    ///
    /// - Returns: the recipe that is there where it is not what a run wrote; it is replaced.
    /// - Throws: `FileFault`.
    @discardableResult
    package func write(_ settings: RunSettings, recipe: String, keepingOthers: Bool) throws -> DamagedFile? {
        var settings = settings
        settings.resolvedRecipe = SHA256Digest(of: recipe).hex
        let other = try presentRecipe().flatMap { $0 == recipe ? nil : $0 }
        // The last run wrote exactly this recipe, so what is there now was changed since and is not the
        // recipe of another run.
        let isDamaged = other != nil && (try? self.settings())?.resolvedRecipe == settings.resolvedRecipe
        if keepingOthers, !isDamaged, let present = other {
            let kept = folder.root.appendingPathComponent("other-plans/\(SHA256Digest(of: present).hex.prefix(12))")
            try Folder.create(kept.path)
            try AtomicFile.write(present, to: kept.appendingPathComponent(folder.resolvedRecipe.lastPathComponent).path)
            if let old = try? FileContents.copied(folder.settings.path) {
                try AtomicFile.write(old, to: kept.appendingPathComponent(folder.settings.lastPathComponent).path)
            }
        }
        try AtomicFile.write(recipe, to: folder.resolvedRecipe.path)
        try write(settings)
        return isDamaged ? DamagedFile(path: folder.resolvedRecipe.path, reason: Self.changed) : nil
    }
}
