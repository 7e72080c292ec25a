import Foundation
import Testing

@testable import Processes

@Suite("How processes begin")
struct ProgramStartTests {
    /// Files that the process finds open are pipes here, whose other ends these are.
    private struct Pipe {
        let reading: Int32
        let writing: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            (reading, writing) = (ends[0], ends[1])
        }

        /// All that comes until the last writer is gone.
        func text() -> String {
            close(writing)
            defer { close(reading) }
            return String(decoding: (try? FileHandle(fileDescriptor: reading).readToEnd()) ?? Data(), as: UTF8.self)
        }
    }

    private func shell(_ script: String, environment: [String: String] = [:]) -> ProgramStart {
        ProgramStart(program: "/bin/sh", arguments: ["-c", script], environment: environment)
    }

    @Test("files get the numbers that they are named with, also where these are each other's")
    func numbers() throws {
        let (first, second) = (try Pipe(), try Pipe())
        var start = shell("echo one >/dev/fd/\(first.writing); echo two >/dev/fd/\(second.writing)")
        // Exchanged: whichever is moved first must not take the other's place.
        start.files = [(first.writing, .descriptor(second.writing)), (second.writing, .descriptor(first.writing))]
        #expect(try ProcessEnd.of(start.begin(), waiting: true) == .code(0))
        #expect(first.text() == "two\n" && second.text() == "one\n")
    }

    @Test("a log takes both streams at its end, and standard input is empty")
    func log() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("regulus-\(UUID().uuidString)").path
        defer { unlink(path) }
        var start = shell("cat; echo out; echo err >&2")
        start.files = [(STDIN_FILENO, .nothing), (STDOUT_FILENO, .end(of: path)), (STDERR_FILENO, .same(as: STDOUT_FILENO))]
        for _ in 0..<2 { #expect(try ProcessEnd.of(start.begin(), waiting: true) == .code(0)) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "out\nerr\nout\nerr\n")
    }

    @Test("no signal is blocked, and the variables are those that are named")
    func beginnings() throws {
        let output = try Pipe()
        var all = sigset_t()
        sigfillset(&all)
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var start = shell("grep SigBlk /proc/self/status; echo \"[$NAMED][$HOME]\"", environment: ["NAMED": "a b", "PATH": "/usr/bin:/bin"])
        start.files = [(STDOUT_FILENO, .descriptor(output.writing))]
        #expect(try ProcessEnd.of(start.begin(), waiting: true) == .code(0))
        #expect(output.text() == "SigBlk:\t0000000000000000\n[a b][]\n")
    }

    @Test("what this process had been handed down itself goes on to a process that is not cut off", arguments: [false, true])
    func handedDown(isCutOff: Bool) throws {
        let output = try Pipe()
        let inherited = dup(output.writing)
        var start = shell("(echo there >/dev/fd/\(inherited)) 2>/dev/null; true")
        start.isCutOff = isCutOff
        start.files = [(STDOUT_FILENO, .nothing)]
        #expect(try ProcessEnd.of(start.begin(), waiting: true) == .code(0))
        close(inherited)
        #expect(output.text() == (isCutOff ? "" : "there\n"))
    }

    @Test("a process stays in the group of the one that starts it, or heads its own", arguments: [false, true])
    func group(leadsGroup: Bool) throws {
        var start = shell("exec sleep 60")
        start.leadsGroup = leadsGroup
        let id = try start.begin()
        #expect(getpgid(id) == (leadsGroup ? id : getpgrp()))
        kill(id, SIGKILL)
        #expect(try ProcessEnd.of(id, waiting: true) == .signal(SIGKILL))
    }

    @Test("what cannot be started throws, and so does waiting for what is no child")
    func faults() throws {
        #expect(throws: POSIXError(.ENOENT)) { try ProgramStart(program: "/nonexistent/program", arguments: [], environment: [:]).begin() }
        var start = shell("true")
        start.files = [(STDOUT_FILENO, .descriptor(-1))]
        #expect(throws: POSIXError(.EBADF)) { try start.begin() }
        #expect(throws: POSIXError(.ECHILD)) { try ProcessEnd.of(getpid()) }
    }
}

@Suite("What signals do", .serialized)
struct SignalActionTests {
    /// Counts calls of the handler. Unsafe only in name: the tests run one after another, and each raises its signal in its own thread.
    nonisolated(unsafe) private static var calls = 0

    /// A signal that nothing else in the tests uses.
    private static let signal = SIGUSR2

    private func count() { SignalAction.handle(Self.signal) { _, _, _ in SignalActionTests.calls += 1 } }

    private func restore() { _ = Foundation.signal(Self.signal, SIG_DFL) }

    @Test("a signal that is blocked comes through once it is handled")
    func handled() {
        defer { restore() }
        var numbers = sigset_t()
        sigemptyset(&numbers)
        sigaddset(&numbers, Self.signal)
        pthread_sigmask(SIG_BLOCK, &numbers, nil)
        #expect(SignalAction.present(of: Self.signal) == .byDefault)
        let before = Self.calls
        count()
        #expect(SignalAction.present(of: Self.signal) == .handler)
        pthread_kill(pthread_self(), Self.signal)
        #expect(Self.calls == before + 1)
    }

    @Test("a signal that the parent has set to be ignored stays ignored")
    func ignored() {
        defer { restore() }
        _ = Foundation.signal(Self.signal, SIG_IGN)
        let before = Self.calls
        count()
        #expect(SignalAction.present(of: Self.signal) == .nothing)
        pthread_kill(pthread_self(), Self.signal)
        #expect(Self.calls == before)
    }
}
