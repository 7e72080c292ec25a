import Foundation
import Reports
import Results
import SampleResults
import Testing

@testable import Monitoring

@Suite("Events for machines")
struct JSONEventsTests {
    private func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test("The start names the plan")
    func started() throws {
        let line = try JSONEvent.started(SampleStudy.settings(), folder: URL(fileURLWithPath: "/runs/a")).line
        #expect(
            line == #"{"baseline":"Fusion","event":"started","folder":"/runs/a","recipe":"table13","repetitions":[{}],"#
                + #""rows":["Fusion","+ MER"],"seeds":[0,1],"targets":["D1","D2"],"threads":2,"trials":8,"#
                + #""variants":[{}]}"#)
    }

    @Test("A finished trial carries its key, figures and the progress")
    func trial() throws {
        let progress = StudyProgress(finished: 3, total: 8, elapsed: 6, failed: 1)
        let event = try object(JSONEvent.trial(SampleStudy.complete[6], progress).line)
        #expect(event["event"] as? String == "trial")
        #expect((event["key"] as? [String: Any])?["row"] as? String == "+ MER")
        #expect((event["status"] as? [String: Any])?["state"] as? String == "finished")
        #expect(event["targetScore"] as? Double == 0.62)
        #expect(event["finished"] as? Int == 3)
        #expect(event["secondsLeft"] as? Double == 10)
        #expect(event["epochs"] == nil)
    }

    @Test("A failed trial carries term and step")
    func failure() throws {
        let progress = StudyProgress(finished: 1, total: 8, elapsed: 6, failed: 1)
        let event = try object(JSONEvent.trial(SampleStudy.failure("+ MER", "D1", 0), progress).line)
        let status = try #require(event["status"] as? [String: Any])
        #expect(status["state"] as? String == "failed")
        #expect(status["term"] as? String == "mer")
        #expect(status["step"] as? Int == 132)
    }

    @Test("The report carries every figure")
    func report() throws {
        let report = try Report(results: SampleStudy.complete, settings: SampleStudy.settings())
        let line = try JSONEvent.report(report, folder: RunFolder(URL(fileURLWithPath: "/runs/a"))).line
        let event = try object(line)
        #expect(event["files"] as? [String] == ["report.md", "report.csv", "costs.csv", "report.html", "report.tex"].map { "/runs/a/\($0)" })
        // Four measures × two rows × (two cells and an average), and a difference each for the second row.
        #expect((event["figures"] as? [Any])?.count == 4 * (2 * 3 + 1))
        #expect(!line.contains("\n"))
    }
}
