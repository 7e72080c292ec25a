import Foundation
import Synchronization
import Testing

@testable import Processes

@Suite("What a process notes for the one that watches it")
struct TracePageTests {
    /// The two sides of one page: of the process that notes, and of the one that reads.
    private static func pages() throws -> (noting: TracePage, reading: TracePage) {
        let file = try #require(TracePage.makeFile())
        defer { close(file) }
        return (try #require(TracePage(mapping: file)), try #require(TracePage(mapping: file)))
    }

    @Test("a call inside another is named until it returns, and then the outer one again")
    func nested() throws {
        let (noting, reading) = try Self.pages()
        let outer = TracePage.Call(hook: "measure", component: "rank")
        let inner = TracePage.Call(hook: "penalty(_:)", component: "mer")
        let slot = try #require(noting.slot())
        noting.begin("a", in: slot)
        noting.enter(outer, in: slot)
        #expect(noting.slot() == slot)
        noting.enter(inner, in: slot)
        #expect(reading.calls == [inner])
        #expect(reading.works.map(\.work) == ["a"] && reading.works.map(\.call) == [inner])
        noting.enter(outer, in: slot)
        noting.giveBack(slot)
        #expect(reading.calls == [outer])
        noting.enter(nil, in: slot)
        noting.begin(nil, in: slot)
        noting.giveBack(slot)
        #expect(reading.calls.isEmpty && reading.works.isEmpty)
    }

    @Test("threads do not overwrite what others note, and one that has nothing more to note leaves its place to others")
    func threads() throws {
        let (noting, reading) = try Self.pages()
        let hasNoted = DispatchSemaphore(value: 0)
        let goOn = DispatchSemaphore(value: 0)
        let hasEnded = DispatchSemaphore(value: 0)
        // In two waves, more than there are places.
        for wave in 0..<2 {
            for number in 0..<40 {
                Thread.detachNewThread {
                    if let slot = noting.slot() {
                        noting.begin("\(wave) \(number)", in: slot)
                        hasNoted.signal()
                        goOn.wait()
                        noting.begin(nil, in: slot)
                        noting.giveBack(slot)
                    } else {
                        hasNoted.signal()
                        goOn.wait()
                    }
                    hasEnded.signal()
                }
            }
            for _ in 0..<40 { hasNoted.wait() }
            #expect(Set(reading.works.map(\.work)) == Set((0..<40).map { "\(wave) \($0)" }))
            for _ in 0..<40 { goOn.signal() }
            for _ in 0..<40 { hasEnded.wait() }
        }
        #expect(reading.works.isEmpty)
    }

    @Test("names longer than their place are cut, and nothing beside them changes")
    func longNames() throws {
        let (noting, reading) = try Self.pages()
        let slot = try #require(noting.slot())
        noting.begin("work", in: slot)
        noting.enter(TracePage.Call(hook: String(repeating: "h", count: 200), component: String(repeating: "c", count: 5_000)), in: slot)
        #expect(reading.works.map(\.work) == ["work"])
        #expect(reading.calls.map(\.hook.count) == [63] && reading.calls.map(\.component.count) == [1023])
        noting.beat(step: 7)
        #expect(reading.step == 7 && !reading.hasEnded)
    }
}

@Suite("Lines that processes share")
struct SharedLinesTests {
    @Test("lines of several threads are all there, each in one piece")
    func threads() throws {
        let lines = try SharedLines()
        DispatchQueue.concurrentPerform(iterations: 200) { number in
            try? lines.append(Data("line \(number) \(String(repeating: "x", count: number))".utf8))
        }
        let all = lines.all.map { String(decoding: $0, as: UTF8.self) }
        #expect(Set(all) == Set((0..<200).map { "line \($0) \(String(repeating: "x", count: $0))" }) && all.count == 200)
    }

    @Test("there are none before the first, and what another has not written to its end does not spoil the next")
    func torn() throws {
        let lines = try SharedLines()
        #expect(lines.all.isEmpty)
        #expect(write(lines.descriptor, "half", 4) == 4)
        try lines.append(Data("whole".utf8))
        #expect(lines.all == [Data("half".utf8), Data("whole".utf8)])
    }
}
