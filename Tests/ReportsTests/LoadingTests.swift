import Foundation
import Results
import SampleResults
import Testing

@testable import Reports

@Suite("What reading media files took")
struct LoadingTests {
    private func report(_ loading: (_ result: TrialResult) -> LoadingRecord?) throws -> Report {
        let results = SampleStudy.complete.map { result in
            var result = result
            result.loading = loading(result)
            return result
        }
        return try Report(results: results, settings: SampleStudy.settings())
    }

    @Test("is summed row by row, and what was left out is named once")
    func summed() throws {
        let bad = LoadingRecord.LeftOut(row: 7, path: "D1/a.wav", reason: "damaged", times: 2)
        let text = try report { result in
            LoadingRecord(samples: 10, seconds: 2, secondsWaited: 0.5, leftOut: result.key.row == "Fusion" ? [bad] : [])
        }.document().markdown()
        let start = try #require(text.range(of: "## Loading"))
        let end = try #require(text.range(of: "## How these figures"))
        let expected = """
            ## Loading

            | Row    | Decoded | Per second | Waited for files | Left out |
            | ------ | ------: | ---------: | ---------------: | -------: |
            | Fusion |      40 |        5.0 |           25.0 % |   1 (8×) |
            | + MER  |      40 |        5.0 |           25.0 % |        0 |

            1 sample left out of training and scores, because of on-bad-sample: skip:

            - row 7, D1/a.wav: damaged


            """
        #expect(text[start.lowerBound..<end.lowerBound] == expected)
    }

    @Test("is not mentioned where nothing was decoded")
    func none() throws {
        #expect(!(try report { _ in nil }.document().markdown().contains("Loading")))
    }

    @Test("names twenty files and counts the others")
    func many() throws {
        let bad = (0..<25).map { LoadingRecord.LeftOut(row: $0, path: "f\($0)", reason: "damaged", times: 1) }
        let text = try report { _ in LoadingRecord(samples: 1, seconds: 1, leftOut: bad) }.document().markdown()
        #expect(text.contains("f19: damaged") && !text.contains("f20: damaged") && text.contains("and 5 more"))
    }

    @Test("survives the way to a file and back, and its absence too")
    func coding() throws {
        var result = SampleStudy.complete[0]
        for loading in [nil, LoadingRecord(samples: 3, seconds: 1, secondsWaited: 0.25, leftOut: [.init(row: 1, path: "p", reason: "r", times: 4)])] {
            result.loading = loading
            #expect(try ResultCoding.value(TrialResult.self, from: ResultCoding.document(result)) == result)
        }
    }
}
