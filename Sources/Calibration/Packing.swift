/// How long lists stand in a `.qstats` file.
enum Packing {
  /// Magnitudes as little-endian float32, in base64.
  static func text(_ magnitudes: [Float]) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(magnitudes.count * 4)
    for magnitude in magnitudes {
      let bits = magnitude.bitPattern
      for shift in stride(from: UInt32(0), to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
      }
    }
    return Base64.encode(bytes)
  }

  /// Reads what `text` wrote; the numbers may be any.
  /// - Throws: `Problem` where the text is not what `text` writes.
  static func floats(_ text: String) throws(Problem) -> [Float] {
    let bytes = try decode(text)
    guard bytes.count % 4 == 0 else { throw Problem("has \(bytes.count) bytes, which is no multiple of 4") }
    return stride(from: 0, to: bytes.count, by: 4).map { start in
      let low = UInt32(bytes[start]) | UInt32(bytes[start + 1]) << 8
      return Float(bitPattern: low | UInt32(bytes[start + 2]) << 16 | UInt32(bytes[start + 3]) << 24)
    }
  }

  /// Reads the packed bins of a histogram in base64: of finite values, ascending, each with a count from 1 to 2^63.
  /// - Throws: `Problem` where the text is anything else.
  static func bins(_ text: String) throws(Problem) -> [Histogram.Bin] {
    var bytes = try decode(text)[...]
    var bins: [Histogram.Bin] = []
    var next: UInt64 = 0
    while !bytes.isEmpty {
      guard let gap = VariableLength.take(from: &bytes), let count = VariableLength.take(from: &bytes) else {
        throw Problem("does not go on with a bin and its count after bin \(bins.count)")
      }
      guard gap < UInt64(Histogram.finiteBinCount), next + gap < UInt64(Histogram.finiteBinCount) else {
        throw Problem("names a bin above \(Histogram.finiteBinCount - 1)")
      }
      bins.append(Histogram.Bin(index: UInt32(next + gap), count: count + 1))
      next += gap + 1
    }
    return bins
  }

  private static func decode(_ text: String) throws(Problem) -> [UInt8] {
    guard let bytes = Base64.decode(text) else { throw Problem("is not canonical base64") }
    return bytes
  }

  /// Why a text is not what it should be.
  struct Problem: Error {
    let message: String

    init(_ message: String) { self.message = message }
  }
}
