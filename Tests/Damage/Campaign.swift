import Calibration
import CompilerDriver
import FuzzTargets
import PlanFormat
import PlanRuntime
import Safetensors

/// What became of one damaged file.
enum Verdict: Int {
  /// Refused with an error.
  case rejected
  /// Read, and run for a step where it is a plan, without harm.
  case harmless
  /// Read though it must be refused.
  case wrong
}

/// A family of damages to one file, numbered from zero.
struct Campaign {
  let name: String
  let count: Int
  let run: (_ index: Int) -> Verdict

  /// All families.
  static func all() -> [Campaign] {
    let files = SeedFiles.shared
    let plans = files.plans.flatMap { recipe, bytes, _ in
      [
        truncation("plan \(recipe)", bytes) { try Plan(bytes: $0) },
        header(recipe, bytes), content(recipe, bytes),
        HeaderSweep(recipe, bytes).campaign, RecordSweep(recipe, bytes).campaign,
      ]
    }
    return plans + [
      truncation("statistics", files.statistics) { try Statistics(parsing: $0) },
      truncation("safetensors", files.safetensors) { bytes in
        try bytes.withUnsafeBytes { _ = try SafetensorsHeader(file: $0) }
      },
      bits("statistics", files.statistics) { FuzzTarget.statistics.run($0) },
      bits("safetensors", files.safetensors) { FuzzTarget.safetensors.run($0) },
    ]
  }

  /// Every length below the file's own; a missing line end is no harm.
  private static func truncation(
    _ name: String, _ bytes: [UInt8], _ read: @escaping ([UInt8]) throws -> Any
  ) -> Campaign {
    Campaign(name: "\(name), cut short", count: bytes.count) { length in
      let isWhole = length == bytes.count - 1 && bytes.last == UInt8(ascii: "\n")
      return (try? read(Array(bytes[..<length]))) == nil ? .rejected : isWhole ? .harmless : .wrong
    }
  }

  /// Every bit of header and section table.
  private static func header(_ recipe: String, _ bytes: [UInt8]) -> Campaign {
    Campaign(name: "plan \(recipe), bits of header and table", count: 8 * PlanMending.describedBytes) { bit in
      (try? Plan(bytes: flipped(bytes, bit))) == nil ? .rejected : .wrong
    }
  }

  /// Every bit of the sections and between them, at level `content`.
  private static func content(_ recipe: String, _ bytes: [UInt8]) -> Campaign {
    let start = 8 * PlanMending.describedBytes
    return Campaign(name: "plan \(recipe), bits of content", count: 8 * bytes.count - start) { bit in
      guard let plan = try? Plan(bytes: flipped(bytes, start + bit)) else { return .rejected }
      return (try? PlanVerification.checkContent(of: plan, recipe)) == nil ? .rejected : .wrong
    }
  }

  /// Every bit of a file that holds no digests: whatever is read holds together.
  private static func bits(
    _ name: String, _ bytes: [UInt8], _ read: @escaping ([UInt8]) -> Void
  ) -> Campaign {
    Campaign(name: "\(name), bits", count: 8 * bytes.count) { bit in
      read(flipped(bytes, bit))
      return .harmless
    }
  }

  private static func flipped(_ bytes: [UInt8], _ bit: Int) -> [UInt8] {
    var bytes = bytes
    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    return bytes
  }
}
