import Foundation
import Media

#if REGULUS_FFMPEG
    /// Small trees in the layouts of the two benchmarks, with generated media.
    package enum MediaLayouts {
        /// EPIC-Kitchens: for every domain and part one video of 100 frames with three segments, the second shorter than a clip.
        package static func epic(in folder: MediaFolder, width: Int = 64, height: Int = 48) throws {
            for domain in 1...3 {
                for (number, part) in ["train", "test"].enumerated() {
                    let video = "P0\(domain)_0\(number + 1)"
                    var rows = ["uid,participant_id,video_id,narration,start_timestamp,stop_timestamp,start_frame,stop_frame,verb,verb_class"]
                    for (place, segment) in [(1, 81), (30, 62), (20, 100)].enumerated() {
                        let times = [segment.0, segment.1].map { String(format: "00:00:%05.2f", Double($0) / 60) }
                        rows.append(
                            "\(place),P0\(domain),\(video),\"take \"\"it\"\", please\",\(times[0]),\(times[1]),\(segment.0),\(segment.1),grab,\((place + domain) % 8)"
                        )
                    }
                    _ = try folder.write(
                        Data((rows.joined(separator: "\n") + "\n").utf8),
                        to: "MM-SADA_Domain_Adaptation_Splits/D\(domain)_\(part).csv")
                    let stem = "\(part)/D\(domain)/\(video)"
                    for frame in 1...100 {
                        try MediaWriter.jpeg(
                            MediaWriter.picture(width: width, height: height, time: frame),
                            to: try folder.file(String(format: "rgb/\(stem)/frame_%010d.jpg", frame)))
                    }
                    for frame in 1...50 {
                        for (axis, shift) in [("u", 0), ("v", 40)] {
                            try MediaWriter.jpeg(
                                MediaWriter.picture(width: width, height: height, time: frame + shift, isGray: true),
                                to: try folder.file(String(format: "flow/\(stem)/\(axis)/frame_%010d.jpg", frame)))
                        }
                    }
                    let sound = MediaWriter.tone(32_000, frequency: 200 + 100 * Double(domain))
                    _ = try folder.write(MediaWriter.wav(sound), to: "rgb/\(stem).wav")
                }
            }
        }

        /// EPIC-Kitchens as MMDG-Bench's release has it: for every domain and part one segment of 40 frames as a film, its flow as two.
        package static func epicFilms(in folder: MediaFolder) throws {
            for domain in 1...3 {
                for (number, part) in ["train", "test"].enumerated() {
                    let video = "P0\(domain)_0\(number + 1)"
                    let rows = [
                        "uid,participant_id,video_id,narration,start_timestamp,stop_timestamp,start_frame,stop_frame,verb,verb_class",
                        "0,P0\(domain),\(video),take it,00:00:00.02,00:00:00.68,1,41,take,\(domain - 1)",
                    ]
                    _ = try folder.write(
                        Data((rows.joined(separator: "\n") + "\n").utf8), to: "MM-SADA_Domain_Adaptation_Splits/D\(domain)_\(part).csv")
                    func pictures(_ count: Int, isGray: Bool) -> [Picture] {
                        (0..<count).map { MediaWriter.picture(width: 64, height: 48, time: $0 + domain, isGray: isGray) }
                    }
                    let place = "\(part)/D\(domain)"
                    try MediaWriter.video(
                        pictures(40, isGray: false), to: try folder.file("video/\(place)/D\(domain)_\(video)_1_41_\(domain - 1).mp4"))
                    for axis in ["u", "v"] {
                        try MediaWriter.video(
                            pictures(20, isGray: true), to: try folder.file("flow/\(place)/D\(domain)_\(video)_1_21_\(domain - 1)_\(axis).mp4"))
                    }
                    _ = try folder.write(MediaWriter.wav(MediaWriter.tone(16_000, frequency: 300)), to: "audio/\(place)/\(video).wav")
                }
            }
        }

        /// HAC: for every domain three training and two test videos; one human file is in both lists, one name has a blank, one
        /// begins with a dash, and vertical flow is a frame short.
        package static func hac(in folder: MediaFolder) throws {
            for (place, domain) in ["human", "animal", "cartoon"].enumerated() {
                let training = ["-first", "second one ", "third"]
                let tests = domain == "human" ? ["third", "fifth"] : ["fourth", "fifth"]
                for (part, names) in [("train", training), ("test", tests)] {
                    let lines = names.enumerated().map { "\($1).mp4,\(($0 + place) % 7)\r\n" }.joined()
                    _ = try folder.write(Data(lines.utf8), to: "HAC_Splits/HAC_\(part)_only_\(domain).csv")
                }
                for (number, name) in Set(training + tests).sorted().enumerated() {
                    let count = number == 0 ? 50 : 70
                    func pictures(_ count: Int, isGray: Bool) -> [Picture] {
                        (0..<count).map { MediaWriter.picture(width: 64, height: 48, time: $0 + place, isGray: isGray) }
                    }
                    try MediaWriter.video(pictures(count, isGray: false), to: try folder.file("\(domain)/videos/\(name).mp4"))
                    try MediaWriter.video(pictures(count - 1, isGray: true), to: try folder.file("\(domain)/flow/\(name)_flow_x.mp4"))
                    try MediaWriter.video(pictures(count - 2, isGray: true), to: try folder.file("\(domain)/flow/\(name)_flow_y.mp4"))
                    _ = try folder.write(
                        MediaWriter.wav(MediaWriter.tone(count * 16_000 / 24, frequency: 300)), to: "\(domain)/audio/\(name).wav")
                }
            }
        }
    }
#endif
