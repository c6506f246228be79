import FuzzTargets
import PlanFormat
import PlanRuntime

/// Values that sizes, offsets and indices are set to: the extremes, the neighbours, and what other fields say.
private func values(instead of: UInt64, width: Int, _ landmarks: [UInt64]) -> [UInt64] {
  let mask: UInt64 = width == 8 ? .max : (1 << UInt64(8 * width)) - 1
  let all = [0, 1, mask, mask >> 1, (mask >> 1) + 1, of &+ 1, of &- 1, of &* 2] + landmarks
  return all.map { $0 & mask }
}

/// Reads a number of a plan.
private func number(at offset: Int, width: Int, _ bytes: [UInt8]) -> UInt64 {
  (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
}

/// Loads a plan with a number replaced and the checksum made right, and runs it if it is accepted.
private func verdict(_ bytes: [UInt8], at offset: Int, width: Int, _ value: UInt64) -> Verdict {
  var bytes = bytes
  for step in 0..<width { bytes[offset + step] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(step))) }
  if !(28..<32).contains(offset) { PlanMending.mendChecksum(&bytes) }
  guard let plan = try? Plan(bytes: bytes) else { return .rejected }
  OneStep.run(plan)
  return .harmless
}

/// Offsets and lengths of all sections.
private func landmarks(_ bytes: [UInt8]) -> [UInt64] {
  guard let plan = try? Plan(bytes: bytes) else { return [] }
  return SectionKind.allCases.flatMap { kind in
    let range = plan.view.range(of: kind)
    return [UInt64(range.lowerBound), UInt64(range.count), UInt64(range.upperBound)]
  }
}

/// Every number of 2, 4 and 8 bytes of header and section table, set to every awkward value.
struct HeaderSweep {
  let campaign: Campaign

  init(_ recipe: String, _ bytes: [UInt8]) {
    let landmarks = landmarks(bytes)
    let perField = values(instead: 0, width: 8, landmarks).count
    let fields = [2, 4, 8].flatMap { width in
      stride(from: 0, to: PlanMending.describedBytes, by: width).map { (offset: $0, width: width) }
    }
    campaign = Campaign(
      name: "plan \(recipe), fields of header and table", count: fields.count * perField
    ) { index in
      let (offset, width) = fields[index / perField]
      let old = number(at: offset, width: width, bytes)
      let value = values(instead: old, width: width, landmarks)[index % perField]
      return verdict(bytes, at: offset, width: width, value)
    }
  }
}

/// Every word of the records that say what is computed and where, set to every awkward value.
struct RecordSweep {
  let campaign: Campaign

  init(_ recipe: String, _ bytes: [UInt8]) {
    let landmarks = landmarks(bytes)
    let perField = values(instead: 0, width: 4, landmarks).count
    let end = (try? Plan(bytes: bytes))?.view.range(of: .weights).lowerBound ?? 0
    let words = Array(stride(from: PlanMending.describedBytes, to: end, by: 4))
    campaign = Campaign(name: "plan \(recipe), words of records", count: words.count * perField) { index in
      let offset = words[index / perField]
      let old = number(at: offset, width: 4, bytes)
      let value = values(instead: old, width: 4, landmarks)[index % perField]
      return verdict(bytes, at: offset, width: 4, value)
    }
  }
}
