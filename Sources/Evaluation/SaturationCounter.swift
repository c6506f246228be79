import PlanFormat
import PlanRuntime

/// Counts codes at the ends of their range, tensor by tensor and by position in the window.
final class SaturationCounter {
  /// Counts of one tensor, by bucket.
  fileprivate struct Tensor {
    let name: String
    var saturated: [Int]
    var codes: [Int]
  }

  private let buckets: PositionBuckets
  private var tensors: [BufferID: Tensor] = [:]

  init(_ windows: TextWindows) { buckets = PositionBuckets(of: windows) }

  /// Takes in the rows of an int8 buffer whose positions are scored.
  func observe(_ event: TapEvent, position: (_ row: Int) -> Int) {
    guard event.type == .i8 else { return }
    let zeros = [Int](repeating: 0, count: buckets.ranges.count)
    var tensor = tensors[event.buffer] ?? Tensor(name: event.name, saturated: zeros, codes: zeros)
    for row in 0..<event.rows {
      guard let bucket = buckets.index(of: position(event.callRow(row))) else { continue }
      tensor.saturated[bucket] += saturatedCount(event.codes(row: row))
      tensor.codes[bucket] += event.width
    }
    tensors[event.buffer] = tensor
  }

  /// What was counted, by class of tensors, the most saturated first.
  var score: SaturationScore {
    let classes = Dictionary(grouping: tensors.values.filter { !$0.codes.isEmpty }) { tensor in
      String(tensor.name.split(separator: ".").last ?? "")
    }
    let scores = classes.map { name, tensors in
      let worst = tensors.max { ($0.share, $1.name) < ($1.share, $0.name) }
      return SaturationScore.TensorClass(
        name: name, codes: tensors.reduce(0) { $0 + $1.codes.reduce(0, +) },
        share: Self.share(tensors.flatMap(\.saturated), tensors.flatMap(\.codes)),
        positions: buckets.ranges.indices.map { bucket in
          Self.share(tensors.map { $0.saturated[bucket] }, tensors.map { $0.codes[bucket] })
        }, worstTensor: worst?.name ?? "", worstShare: worst?.share ?? 0)
    }
    return SaturationScore(
      positions: buckets.ranges, classes: scores.sorted { ($1.share, $0.name) < ($0.share, $1.name) })
  }

  fileprivate static func share(_ saturated: [Int], _ codes: [Int]) -> Double {
    Double(saturated.reduce(0, +)) / Double(max(1, codes.reduce(0, +)))
  }
}

extension SaturationCounter.Tensor {
  fileprivate var share: Double { SaturationCounter.share(saturated, codes) }
}

/// How many codes are −128 or ±127.
func saturatedCount(_ codes: UnsafeBufferPointer<Int8>) -> Int {
  var count = 0
  for code in codes { count &+= code == 127 || code <= -127 ? 1 : 0 }
  return count
}
