import Foundation
import MediaSupport
import Tensors
import Testing

@testable import Media

@Suite("Clips: which frames, which part of them")
struct ClipTests {
    @Test("A clip lies in the middle of a long segment and wraps around in a short one")
    func sampling() {
        let sampling = FrameSampling(frames: 32, interval: 2)
        #expect(sampling.numbers(offset: sampling.middle(of: 103), count: 103, start: 207).prefix(2) == [227, 229])
        #expect(sampling.middle(of: 64) == 0 && sampling.middle(of: 65) == 1 && sampling.middle(of: 63) == 0)
        let wrapped = sampling.numbers(offset: 0, count: 44, start: 733)
        #expect(Array(wrapped[20...23]) == [773, 775, 733, 735])
        let odd = FrameSampling(frames: 8, interval: 4).numbers(offset: 0, count: 22, start: 367)
        #expect(odd == [367, 371, 375, 379, 383, 387, 369, 373])
    }

    @Test("A random clip begins anywhere that leaves room, and only there")
    func randomSampling() {
        let sampling = FrameSampling(frames: 4, interval: 2)
        var stream = RandomSource(seed: 1).stream("frames")
        let offsets = Set((0..<400).map { _ in sampling.random(of: 11, from: &stream) })
        #expect(offsets == [0, 1, 2, 3])
        #expect((0..<50).allSatisfy { _ in sampling.random(of: 5, from: &stream) == 0 })
    }

    @Test("The short side is scaled by the released rule", arguments: [(456, 256, 456, 256), (64, 48, 341, 256), (300, 400, 256, 341)])
    func shortSide(width: Int, height: Int, expectedWidth: Int, expectedHeight: Int) {
        #expect(
            PictureSize(width: width, height: height).scaled(shortSide: 256)
                == PictureSize(width: expectedWidth, height: expectedHeight))
    }

    @Test("Evaluation cuts out the middle")
    func center() {
        let crop = ClipCrop.center(of: PictureSize(width: 456, height: 256), shortSide: 256, side: 224)
        #expect(crop.region == PictureRegion(left: 116, top: 16, width: 224, height: 224))
        #expect(!crop.isMirrored)
        let flow = ClipCrop.center(of: PictureSize(width: 456, height: 256), shortSide: 256, side: 256)
        #expect(flow.region == PictureRegion(left: 100, top: 0, width: 256, height: 256))
    }

    @Test("Random regions stay inside, have area and ratio in range, and are mirrored half the time")
    func randomRegions() {
        let size = PictureSize(width: 456, height: 256)
        var stream = RandomSource(seed: 2).stream("crops")
        var mirrored = 0
        var lefts: Set<Int> = []
        for _ in 0..<1000 {
            let crop = ClipCrop.random(of: size, shortSide: 256, side: 224, from: &stream)
            let region = crop.region
            #expect(region.left >= 0 && region.top >= 0)
            #expect(region.left + region.width <= 456 && region.top + region.height <= 256)
            let area = Double(region.width * region.height) / Double(456 * 256)
            let ratio = Double(region.width) / Double(region.height)
            #expect(area > 0.075 && area <= 1.0)
            #expect(ratio > 0.73 && ratio < 1.37)
            mirrored += crop.isMirrored ? 1 : 0
            lefts.insert(region.left)
        }
        #expect((430...570).contains(mirrored))
        #expect(lefts.count > 150)
    }

    @Test("Interpolation takes pixel centers: halving averages two and two, doubling weighs 3 : 1")
    func interpolation() {
        let line = Picture(width: 4, height: 1, channels: 1, pixels: [0, 100, 200, 40])
        #expect(line.resized(to: PictureSize(width: 2, height: 1)).pixels == [50, 120])
        let doubled = Picture(width: 2, height: 1, channels: 1, pixels: [0, 200]).resized(to: PictureSize(width: 4, height: 1))
        #expect(doubled.pixels == [0, 50, 150, 200])
        let picture = MediaWriter.picture(width: 33, height: 21, time: 1)
        #expect(picture.resized(to: PictureSize(width: 33, height: 21)) == picture)
        let whole = picture.resized(to: PictureSize(width: 50, height: 40))
        let part = picture.resized(to: PictureSize(width: 50, height: 40), part: PictureRegion(left: 7, top: 9, width: 5, height: 3))
        for y in 0..<3 {
            let start = ((y + 9) * 50 + 7) * 3
            #expect(Array(part.pixels[y * 15..<y * 15 + 15]) == Array(whole.pixels[start..<start + 15]))
        }
    }

    private func clip(_ content: ClipAssembly.Content, mirrored: Bool) throws -> (sample: DecodedSample, values: [Float]) {
        // A stream is searched whose crop is, or is not, mirrored.
        let size = PictureSize(width: 16, height: 16)
        let step = try #require(
            (0..<200).first { step in
                var stream = RandomSource(seed: 8).stream("mirror", step: step)
                return ClipCrop.random(of: size, shortSide: 16, side: 8, from: &stream).isMirrored == mirrored
            })
        var assembly = ClipAssembly(
            content, frames: 1, size: ClipSize(shortSide: 16, side: 8),
            rule: .random(RandomSource(seed: 8).stream("mirror", step: step)))
        if content == .flow {
            try assembly.put(MediaWriter.flat([200], width: 16, height: 16), at: [0], channel: 0, path: "u")
            try assembly.put(MediaWriter.flat([30], width: 16, height: 16), at: [0], channel: 1, path: "v")
        } else {
            try assembly.put(MediaWriter.flat([200, 30, 128], width: 16, height: 16), at: [0], path: "frame")
        }
        let sample = assembly.sample()
        let values = DecodedSample.stack([sample], shape: sample.shape).values
        return (sample, values)
    }

    @Test("Mirrored flow points the other way: u becomes 255 − u, v stays")
    func flowFlip() throws {
        let plain = try clip(.flow, mirrored: false).values
        let mirrored = try clip(.flow, mirrored: true).values
        #expect(plain[0] == (200 - 128) / 128 && plain[1] == (30 - 128) / 128)
        #expect(mirrored[0] == (55 - 128) / 128 && mirrored[1] == (30 - 128) / 128)
    }

    @Test("Colors are brought to ImageNet's scale, channels last")
    func normalization() throws {
        let (sample, values) = try clip(.color, mirrored: true)
        #expect(sample.shape == [1, 8, 8, 3] && sample.byteCount == 192)
        for (value, expected) in zip(values.prefix(3), [(200 - 123.675) / 58.395, (30 - 116.28) / 57.12, (128 - 103.53) / 57.375]) {
            #expect(abs(Double(value) - expected) < 1e-6)
        }
    }

    @Test("Mirroring turns left and right")
    func mirror() {
        let picture = MediaWriter.picture(width: 12, height: 12, time: 0)
        let size = PictureSize(width: 12, height: 12)
        let region = PictureRegion(left: 2, top: 1, width: 8, height: 8)
        func cut(_ mirrored: Bool) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 8 * 8 * 3)
            let crop = ClipCrop(source: size, scaled: size, region: region, side: 8, isMirrored: mirrored)
            bytes.withUnsafeMutableBufferPointer { FrameCutter(crop).write(picture, into: $0.baseAddress!, pixelStride: 3) }
            return bytes
        }
        let (plain, mirrored) = (cut(false), cut(true))
        for y in 0..<8 {
            for x in 0..<8 {
                let (a, b) = ((y * 8 + x) * 3, (y * 8 + 7 - x) * 3)
                #expect(plain[a..<a + 3].elementsEqual(mirrored[b..<b + 3]))
                let source = ((y + 1) * 12 + x + 2) * 3
                #expect(plain[a..<a + 3].elementsEqual(picture.pixels[source..<source + 3]))
            }
        }
    }

    @Test("Frames of different sizes in one clip are refused, with the file")
    func sizes() throws {
        var assembly = ClipAssembly(.color, frames: 2, size: ClipSize(shortSide: 8, side: 8), rule: .center)
        try assembly.put(MediaWriter.flat([1, 2, 3], width: 16, height: 12), at: [0], path: "a.jpg")
        #expect(throws: MediaFault(path: "b.jpg", reason: "20×12 pixels, but the clip's first frame has 16×12")) {
            try assembly.put(MediaWriter.flat([1, 2, 3], width: 20, height: 12), at: [1], path: "b.jpg")
        }
    }
}
