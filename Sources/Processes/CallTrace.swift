import Foundation

/// Notes about what a process is doing, in memory that its parent reads: what each of its threads is working on and which hook of which
/// component it has called, at which step, and whether it ended by its own decision.
///
/// Foreign code may end, crash or block the process at any moment; the parent can then say which hook
/// it was in. Without a parent that watches, a note costs one comparison.
package enum CallTrace {
    /// The page shared with the parent. It is safe because it is set once, before any component is
    /// called.
    nonisolated(unsafe) private static var page: TracePage?

    /// Begins to note.
    ///
    /// - Parameter descriptor: the parent's file.
    static func begin(in descriptor: Int32) { page = TracePage(mapping: descriptor) }

    /// Calls a hook of a component.
    ///
    /// - Parameters:
    ///   - hook: the function's name, as its author wrote it.
    ///   - component: the name in the recipe.
    package static func during<Value, Failure: Error>(
        _ hook: StaticString, of component: String, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard let page, let slot = page.slot() else { return try body() }
        defer { page.giveBack(slot) }
        // A measurement may run a model that calls hooks of its own.
        let outer = page.call(in: slot)
        page.enter(TracePage.Call(hook: hook.description, component: component), in: slot)
        defer { page.enter(outer, in: slot) }
        return try body()
    }

    /// Does a piece of work that its parent may have to tell from others, which other threads do at the same time.
    ///
    /// - Parameter work: what the parent knows it by, at most 127 bytes.
    package static func amid<Value, Failure: Error>(_ work: String, _ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        guard let page, let slot = page.slot() else { return try body() }
        defer { page.giveBack(slot) }
        let outer = page.work(in: slot)
        page.begin(work, in: slot)
        defer { page.begin(outer, in: slot) }
        return try body()
    }

    /// Notes that a step has begun.
    package static func beat(step: Int) { page?.beat(step: step) }

    /// Notes that work is going on.
    package static func beat() { page?.beat(step: nil) }

    /// Notes that the process ends by its own decision.
    package static func end() { page?.end() }
}
