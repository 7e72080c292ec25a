import Configuration
import GoldenFixtures
import Networks
import Tensors
import Testing

@testable import Models

@Suite struct GoldenEncoderTests {
    private func slowFast(_ golden: GoldenEncoder) throws -> SlowFast {
        let params = golden.fixture.params
        return try golden.make(
            SlowFast.self,
            [
                "depth": .integer(params.integer("depth")), "width": .integer(params.integer("slow")),
                "channel-ratio": .integer(params.integer("ratio")), "speed-ratio": .integer(params.integer("alpha")),
                "resample-rate": .integer(params.integer("tau")), "lateral-kernel": .integer(params.integer("fusion")),
            ])
    }

    private func slowOnly(_ golden: GoldenEncoder) throws -> SlowOnly {
        let params = golden.fixture.params
        return try golden.make(
            SlowOnly.self, ["depth": .integer(params.integer("depth")), "width": .integer(params.integer("base"))])
    }

    private func resNet18(_ golden: GoldenEncoder) throws -> ResNet18 {
        try golden.make(ResNet18.self, ["width": .integer(golden.fixture.params.integer("width"))])
    }

    @Test(arguments: GoldenFixtures.cases(kind: "encoder-slowfast"))
    func `SlowFast gives mmaction2's embedding, gradients and statistics`(fixture: GoldenFixture) throws {
        let golden = GoldenEncoder(fixture: fixture, prefix: "")
        try golden.expectWholePass(slowFast(golden))
        if !golden.isTraining { try golden.expectCompiled(slowFast(golden)) }
    }

    @Test(arguments: GoldenFixtures.cases(kind: "encoder-slowonly"))
    func `SlowOnly gives mmaction2's embedding, gradients and statistics`(fixture: GoldenFixture) throws {
        let golden = GoldenEncoder(fixture: fixture, prefix: "")
        try golden.expectWholePass(slowOnly(golden))
        if !golden.isTraining { try golden.expectCompiled(slowOnly(golden)) }
    }

    @Test(arguments: GoldenFixtures.cases(kind: "encoder-resnet18"))
    func `ResNet-18 gives PyTorch's embedding, gradients and statistics`(fixture: GoldenFixture) throws {
        let golden = GoldenEncoder(fixture: fixture, prefix: "audnet.")
        try golden.expectWholePass(resNet18(golden))
        if !golden.isTraining { try golden.expectCompiled(resNet18(golden)) }
    }

    /// Both with a record, where each operation runs by itself, and without one, where they are fused.
    @Test(arguments: GoldenFixtures.cases(kind: "encoder-slowfast"), [true, false])
    func `SlowFast's stages give mmaction2's maps`(fixture: GoldenFixture, isRecorded: Bool) throws {
        let golden = GoldenEncoder(fixture: fixture, prefix: "")
        let encoder = try slowFast(golden)
        let x = try golden.input()
        try recording(isRecorded) {
            var maps: [String: Tensor] = [:]
            for (name, pathway, step) in [("slow", encoder.slow, encoder.slowStep), ("fast", encoder.fast, encoder.fastStep)] {
                maps[name] = pathway.conv1(encoder.frames(of: x, every: step), golden.pass)
                try golden.expect(#require(maps[name]), is: name + "_conv1")
                maps[name] = maps[name].map(pathway.pooled)
                try golden.expect(#require(maps[name]), is: name + "_pool1")
            }
            for stage in 0..<4 {
                let (slow, fast) = (try #require(maps["slow"]), try #require(maps["fast"]))
                let lateral = encoder.laterals[stage](fast)
                try golden.expect(lateral, is: stage == 0 ? "lateral_conv1" : "lateral_layer\(stage)")
                maps["slow"] = encoder.slow.stages[stage](.concatenated([slow, lateral], axis: -1), golden.pass)
                maps["fast"] = encoder.fast.stages[stage](fast, golden.pass)
                try golden.expect(#require(maps["slow"]), is: "slow_layer\(stage + 1)")
                try golden.expect(#require(maps["fast"]), is: "fast_layer\(stage + 1)")
            }
            try golden.fixture.expect(#require(maps["slow"]).meanPooled(), matches: "slow_pooled")
            try golden.fixture.expect(#require(maps["fast"]).meanPooled(), matches: "fast_pooled")
        }
    }

    @Test(arguments: GoldenFixtures.cases(kind: "encoder-slowonly"), [true, false])
    func `SlowOnly's stages give mmaction2's maps`(fixture: GoldenFixture, isRecorded: Bool) throws {
        let golden = GoldenEncoder(fixture: fixture, prefix: "")
        let encoder = try slowOnly(golden)
        let x = try golden.input()
        try recording(isRecorded) {
            var map = encoder.pathway.conv1(x, golden.pass)
            try golden.expect(map, is: "conv1")
            map = encoder.pathway.pooled(map)
            try golden.expect(map, is: "pool1")
            for (index, stage) in encoder.pathway.stages.enumerated() {
                map = stage(map, golden.pass)
                try golden.expect(map, is: "layer\(index + 1)")
            }
        }
    }

    @Test(arguments: GoldenFixtures.cases(kind: "encoder-resnet18"), [true, false])
    func `ResNet-18's stages give PyTorch's maps`(fixture: GoldenFixture, isRecorded: Bool) throws {
        let golden = GoldenEncoder(fixture: fixture, prefix: "audnet.")
        let encoder = try resNet18(golden)
        let x = try golden.input()
        try recording(isRecorded) {
            var map = encoder.pooled(encoder.first(x, golden.pass))
            try golden.expect(map, is: "stem")
            for (index, stage) in encoder.stages.enumerated() {
                encoder.advance(&map, through: stage, golden.pass)
                try golden.expect(map, is: "layer\(index + 1)")
            }
        }
    }

    private func recording(_ isRecorded: Bool, _ body: () throws -> Void) rethrows {
        try isRecorded ? body() : withoutGradients(body)
    }
}
