import ArgumentParser
import Glibc

@main
struct Assay: ParsableCommand {
  /// Given with every model and report.
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "assay",
    abstract: "Visual quality inspection: trains a defect classifier and judges parts with it.",
    discussion: """
      Examples:
        assay dataset check parts/
        assay train parts/ --out parts.onnx
        assay evaluate parts/ --model parts.onnx --split test --out evaluation/
        assay inspect pictures/ --model parts.onnx --out run/
        assay inspect /dev/video0 --model parts.onnx --out run/
        assay compare old.onnx new.onnx --data parts/ --out comparison/
        assay challenge --set known/ --model parts.onnx --out challenge/
        assay synth train parts/ --out defects.onnx
        assay synth generate --model defects.onnx --good parts/ --out painted/

      Exit codes:
        0    done
        1    failed; one sentence on standard error says why
        3    done, but some inputs could not be read (each is a reject)
        4    with --fail-on-reject: done, and a part was rejected;
             with --fail-unless-helps: synthetic parts do not help;
             with --fail-on-unacceptable: an appraiser is unacceptable
        5    assay challenge: done, and a known part was not judged as it must
             be; begin no run
        64   wrong usage
        130  stopped by Ctrl-C
      """,
    version: version,
    subcommands: [
      InspectCommand.self, TrainCommand.self, EvaluateCommand.self, CompareCommand.self, ChallengeCommand.self,
      MSACommand.self, CamerasCommand.self, CaptureCommand.self,
      RecipeCommand.self, SynthCommand.self, PolicyCommand.self, LogCommand.self,
      DatasetCommand.self, ModelCommand.self, DoctorCommand.self,
    ])

  static func main() {
    // `assay inspect ... | head` must not end in the middle of a run.
    signal(SIGPIPE, SIG_IGN)
    main(nil)
  }
}
