import Reports
import Results
import SampleResults
import Testing

@testable import Monitoring

@Suite("Progress")
struct ProgressLineTests {
    private let key = TrialKey(row: "+ MER", target: "D2", seed: 1)

    private func progress(_ finished: Int, elapsed: Double = 30, failed: Int = 0, restored: Int = 0) -> StudyProgress {
        StudyProgress(
            finished: finished, total: 12, running: [RunningTraining(key, epochCount: 2, epochs: [EpochRecord(epoch: 1, trainingLoss: 1)])], elapsed: elapsed,
            failed: failed, restored: restored)
    }

    @Test("Time left follows the pace, running trials counted in parts")
    func timeLeft() {
        // 2.5 trials in 30 s leaves 9.5 at 12 s each.
        #expect(progress(2).secondsLeft == 114)
    }

    @Test("Trials found in the run folder set no pace")
    func restored() {
        // 1.5 of the 5.5 trials were run now, in 30 s; 6.5 are left at 20 s each.
        #expect(progress(5, restored: 4).secondsLeft == 130)
    }

    @Test("Without anything done there is no time left to tell")
    func noPace() {
        let start = StudyProgress(finished: 0, total: 12, elapsed: 0.1)
        #expect(start.secondsLeft == nil)
        #expect(ProgressLine.live(start, width: 80) == "\r\u{1B}[K░░░░░░░░░░░░░░░░░░░░  0/12  0 %  time left –")
        #expect(StudyProgress(finished: 12, total: 12, elapsed: 5).secondsLeft == 0)
        #expect(StudyProgress(finished: 0, total: 0, elapsed: 0).fraction == 1)
    }

    @Test("A wide terminal shows bar, counts, failures, time left and the running trial")
    func wide() {
        #expect(
            ProgressLine.live(progress(2, failed: 1), width: 100)
                == "\r\u{1B}[K████░░░░░░░░░░░░░░░░  2/12  20 %  1 failed  1 min 54 s left  + MER → D2, seed 1 (50 %)")
    }

    @Test("The line never reaches the last column", arguments: 0...120)
    func fits(width: Int) {
        let line = ProgressLine.live(progress(2, failed: 1), width: width).dropFirst(ProgressLine.wipe.count)
        #expect(DisplayText.width(String(line)) <= max(0, width - 1))
        #expect(!line.contains("\n"))
    }

    @Test("A narrow terminal keeps the counts and drops the rest")
    func narrow() {
        #expect(ProgressLine.live(progress(2), width: 34) == "\r\u{1B}[K2/12  20 %  1 min 54 s left")
    }

    @Test("Trainings for tuning have at most twenty lines, the last of which tells of all", arguments: [1, 7, 20, 21, 576, 100_000])
    func tuning(count: Int) {
        var lines: [String] = []
        for done in 1...count {
            let progress = StudyProgress(finished: done, total: count + 10, rehearsals: count, finishedRehearsals: done)
            if let line = ProgressLine.tuning(progress, before: done - 1) { lines.append(line) }
        }
        #expect(lines.count == min(count, 20))
        #expect(lines.last?.hasPrefix("\(count) of \(NumberText.count(count, "training")) for tuning") == true)
    }

    @Test("Trainings for tuning that a run finds or that end at once are told of once")
    func tuningAtOnce() {
        let progress = StudyProgress(finished: 300, total: 600, rehearsals: 576, finishedRehearsals: 300)
        #expect(ProgressLine.tuning(progress, before: 0)?.hasPrefix("300 of 576 trainings for tuning") == true)
        #expect(ProgressLine.tuning(progress, before: 300) == nil)
        #expect(ProgressLine.tuning(StudyProgress(finished: 1, total: 3), before: 0) == nil)
    }

    @Test("A plain line tells one trial's outcome")
    func plain() {
        #expect(
            ProgressLine.plain(SampleStudy.complete[7].outline, progress: progress(8, elapsed: 85))
                == " 8 of 12  + MER → D2, seed 1: 69.0 %  (4.0 s; 35 s left)")
    }

    @Test("A plain line tells where a trial failed")
    func plainFailure() {
        let result = SampleStudy.failure("+ MER", "D2", 1)
        #expect(
            ProgressLine.plain(result.outline, progress: StudyProgress(finished: 12, total: 12, elapsed: 9))
                == "12 of 12  + MER → D2, seed 1: failed in mer at step 132: the loss is not finite  (0.0 s; done)")
    }

    @Test("The last line counts what failed and what was there already")
    func summary() {
        let progress = StudyProgress(finished: 12, total: 12, elapsed: 3725, failed: 1, restored: 4)
        #expect(
            ProgressLine.summary(progress) == "12 of 12 trials, 1 failed, 4 taken from the run folder in 1 h 02 min")
    }

    @Test(
        "A span of time has its two largest units",
        arguments: [
            (0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 00 s"),
            (200, "3 min 20 s"), (3599.7, "1 h 00 min"), (.infinity, "–"), (.nan, "–"), (-1, "–"),
        ] as [(Double, String)])
    func duration(seconds: Double, text: String) {
        #expect(NumberText.duration(seconds) == text)
    }
}
