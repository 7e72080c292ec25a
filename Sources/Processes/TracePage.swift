internal import CProcesses
import Foundation
import Synchronization

/// The memory behind a ``CallTrace``: a few words on the whole process, and a slot for each thread that has something to note.
///
/// Each field is read and written as a whole machine word or byte. A name that changes while it is read
/// belongs to a process that is still running, and is read again.
final class TracePage: Sendable {
    /// A hook of a component.
    struct Call: Equatable {
        let hook: String
        let component: String
    }

    private enum Offset { static let beats = 0, step = 8, hasEnded = 16, slots = 64 }
    /// Of the fields of a slot, from its beginning.
    private enum Field { static let isWorking = 0, isInside = 1, work = 64, hook = 192, component = 256 }
    private static let (longestWork, longestHook, longestComponent) = (127, 63, 1023)
    private static let slotSize = 1280
    /// More threads at a time than these note nothing.
    private static let slotCount = 64
    private static let size = Offset.slots + slotCount * slotSize

    /// Unsafe only in name: it is set once; each slot is written by the thread that has it, and a beat that two threads count as one is a change all the same.
    nonisolated(unsafe) private let memory: UnsafeMutableRawPointer
    private let owners = Mutex(Owners())

    /// Which thread has which slot, and how many notes it has in it.
    private struct Owners {
        var slots: [pthread_t: Int] = [:]
        var notes = [Int](repeating: 0, count: TracePage.slotCount)
    }

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

    // MARK: The process

    func beat(step: Int?) {
        memory.storeBytes(of: beats &+ 1, toByteOffset: Offset.beats, as: UInt64.self)
        if let step { memory.storeBytes(of: Int64(step), toByteOffset: Offset.step, as: Int64.self) }
    }

    func end() { memory.storeBytes(of: 1, toByteOffset: Offset.hasEnded, as: UInt8.self) }

    /// How many notes there were that something is going on.
    var beats: UInt64 { memory.load(fromByteOffset: Offset.beats, as: UInt64.self) }
    var step: Int { Int(memory.load(fromByteOffset: Offset.step, as: Int64.self)) }
    var hasEnded: Bool { memory.load(fromByteOffset: Offset.hasEnded, as: UInt8.self) == 1 }

    // MARK: Its threads

    /// The slot of this thread for one note more; nil where all are taken.
    func slot() -> Int? {
        owners.withLock { owners in
            let thread = pthread_self()
            guard let slot = owners.slots[thread] ?? owners.notes.firstIndex(of: 0) else { return nil }
            owners.slots[thread] = slot
            owners.notes[slot] += 1
            return slot
        }
    }

    /// Ends a note of this thread. The slot is free for others once there is none left.
    func giveBack(_ slot: Int) {
        owners.withLock { owners in
            owners.notes[slot] -= 1
            if owners.notes[slot] == 0 { owners.slots[pthread_self()] = nil }
        }
    }

    /// Notes a call; nil for none.
    func enter(_ call: Call?, in slot: Int) {
        if let call {
            store(call.hook, at: place(Field.hook, slot), limit: Self.longestHook)
            store(call.component, at: place(Field.component, slot), limit: Self.longestComponent)
        }
        memory.storeBytes(of: call == nil ? 0 : 1, toByteOffset: place(Field.isInside, slot), as: UInt8.self)
        beat(step: nil)
    }

    /// Notes what is worked on; nil for nothing.
    func begin(_ work: String?, in slot: Int) {
        if let work { store(work, at: place(Field.work, slot), limit: Self.longestWork) }
        memory.storeBytes(of: work == nil ? 0 : 1, toByteOffset: place(Field.isWorking, slot), as: UInt8.self)
        beat(step: nil)
    }

    /// The hook that the thread of a slot has called and that has not returned.
    func call(in slot: Int) -> Call? {
        guard flag(Field.isInside, slot) else { return nil }
        let hook = text(at: place(Field.hook, slot), limit: Self.longestHook)
        return Call(hook: hook, component: text(at: place(Field.component, slot), limit: Self.longestComponent))
    }

    /// What the thread of a slot works on.
    func work(in slot: Int) -> String? {
        flag(Field.isWorking, slot) ? text(at: place(Field.work, slot), limit: Self.longestWork) : nil
    }

    /// The hooks that have been called and have not returned, one a thread.
    var calls: [Call] { (0..<Self.slotCount).compactMap { call(in: $0) } }

    /// What is worked on, one a thread, and the hook that was called in it.
    var works: [(work: String, call: Call?)] {
        (0..<Self.slotCount).compactMap { slot in work(in: slot).map { ($0, call(in: slot)) } }
    }

    private func place(_ field: Int, _ slot: Int) -> Int { Offset.slots + slot * Self.slotSize + field }

    private func flag(_ field: Int, _ slot: Int) -> Bool { memory.load(fromByteOffset: place(field, slot), as: UInt8.self) == 1 }

    private func store(_ text: String, at offset: Int, limit: Int) {
        var text = text
        text.withUTF8 { bytes in
            let count = min(bytes.count, limit)
            if let start = bytes.baseAddress { memcpy(memory + offset, start, count) }
            memory.storeBytes(of: 0, toByteOffset: offset + count, as: UInt8.self)
        }
    }

    private func text(at offset: Int, limit: Int) -> String {
        let bytes = UnsafeRawBufferPointer(start: memory + offset, count: limit)
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
