internal import CProcesses
import Foundation

/// Notes about what a process is doing, in memory that its parent reads: which hook of which component
/// it has called, at which step, and whether it ended by its own decision.
///
/// Foreign code may end, crash or block the process at any moment; the parent can then say which hook
/// it was in. Without a parent that watches, a note costs one comparison.
///
/// Only one thread may write notes at a time: a watched process trains one trial after another, and one that calls components from several
/// threads notes no calls.
package enum CallTrace {
    /// The page shared with the parent. It is safe because it is set once, before any component is
    /// called.
    nonisolated(unsafe) private static var page: TracePage?

    /// Whether calls are noted. It is safe because it is changed once, before there are several threads.
    nonisolated(unsafe) private static var notesCalls = true

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
        guard let page, notesCalls else { return try body() }
        // A measurement may run a model that calls hooks of its own.
        let outer = page.call
        page.enter(hook.description, of: component)
        defer { if let outer { page.enter(outer.hook, of: outer.component) } else { page.leave() } }
        return try body()
    }

    /// Notes no calls from now on, since several threads will make them at once.
    package static func leaveOutCalls() { notesCalls = false }

    /// Notes that a step has begun.
    package static func beat(step: Int) { page?.beat(step: step) }

    /// Notes that work is going on.
    package static func beat() { page?.beat(step: nil) }

    /// Notes that the process ends by its own decision.
    package static func end() { page?.end() }
}

/// The memory behind a ``CallTrace``.
///
/// Each field is read and written as a whole machine word or byte. A name that changes while it is read
/// belongs to a process that is still running, and is read again.
final class TracePage {
    private static let size = 4096
    private enum Offset { static let beats = 0, step = 8, isInside = 16, hasEnded = 17, hook = 64, component = 128 }
    private static let longestHook = 63
    private static let longestComponent = 1023

    private let memory: UnsafeMutableRawPointer

    /// - Returns: nil where the file cannot be mapped.
    init?(mapping descriptor: Int32) {
        guard let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED else { return nil }
        self.memory = memory
    }

    deinit { munmap(memory, Self.size) }

    /// A file in memory that holds a page of zeros, whatever there is room for on disks; nil where none can be made.
    static func makeFile() -> Int32? {
        let descriptor = regulus_memory_file()
        guard descriptor >= 0 else { return nil }
        guard ftruncate(descriptor, off_t(size)) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    func enter(_ hook: String, of component: String) {
        var (hook, component) = (hook, component)
        hook.withUTF8 { store($0, at: Offset.hook, limit: Self.longestHook) }
        component.withUTF8 { store($0, at: Offset.component, limit: Self.longestComponent) }
        memory.storeBytes(of: 1, toByteOffset: Offset.isInside, as: UInt8.self)
        beat(step: nil)
    }

    func leave() { memory.storeBytes(of: 0, toByteOffset: Offset.isInside, as: UInt8.self) }

    func beat(step: Int?) {
        memory.storeBytes(of: beats &+ 1, toByteOffset: Offset.beats, as: UInt64.self)
        if let step { memory.storeBytes(of: Int64(step), toByteOffset: Offset.step, as: Int64.self) }
    }

    func end() { memory.storeBytes(of: 1, toByteOffset: Offset.hasEnded, as: UInt8.self) }

    /// How many notes there were that something is going on.
    var beats: UInt64 { memory.load(fromByteOffset: Offset.beats, as: UInt64.self) }
    var step: Int { Int(memory.load(fromByteOffset: Offset.step, as: Int64.self)) }
    var hasEnded: Bool { memory.load(fromByteOffset: Offset.hasEnded, as: UInt8.self) == 1 }

    /// The hook that has been called and has not returned.
    var call: (hook: String, component: String)? {
        guard memory.load(fromByteOffset: Offset.isInside, as: UInt8.self) == 1 else { return nil }
        return (text(at: Offset.hook, limit: Self.longestHook), text(at: Offset.component, limit: Self.longestComponent))
    }

    private func store(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int, limit: Int) {
        let count = min(bytes.count, limit)
        if let start = bytes.baseAddress { memcpy(memory + offset, start, count) }
        memory.storeBytes(of: 0, toByteOffset: offset + count, as: UInt8.self)
    }

    private func text(at offset: Int, limit: Int) -> String {
        let bytes = UnsafeRawBufferPointer(start: memory + offset, count: limit)
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
