import Digests
import Evaluation
import Safetensors

/// The rows of one text in a stored baseline.
struct BaselineRows: StoredRows {
  let vocabulary: Int
  let count: Int
  private let file: SafetensorsFile
  private let codes: SafetensorsTensor
  private let steps: [Float]
  private let rows: [StoredRow]

  /// Reads what stands beside the logits; nil where a tensor is missing, or has a wrong shape or value.
  init?(_ file: SafetensorsFile, text: Int) {
    guard let codes = file["text.\(text).codes"], codes.element == .u16, codes.shape.count == 2,
      let steps: [Float] = file.vector("text.\(text).steps", .f32),
      let likelihoods: [UInt64] = file.vector("text.\(text).nll", .f64),
      let tops: [UInt32] = file.vector("text.\(text).top", .u32),
      [steps.count, likelihoods.count, tops.count].allSatisfy({ $0 == codes.shape[0] })
    else { return nil }
    rows = zip(likelihoods, tops).map { StoredRow(nll: Double(bitPattern: $0), topToken: Int($1)) }
    (self.file, self.codes, self.steps) = (file, codes, steps)
    (count, vocabulary) = (codes.shape[0], codes.shape[1])
    let width = vocabulary
    guard steps.allSatisfy({ $0.isFinite && $0 >= 0 }),
      rows.allSatisfy({ $0.nll.isFinite && $0.topToken < width })
    else { return nil }
  }

  func read(_ row: Int, into logits: UnsafeMutableBufferPointer<Float>) -> StoredRow {
    withCodes(of: row) { RowCodes.decode($0, step: steps[row], into: logits) }
    return rows[row]
  }

  /// SHA-256 of all rows.
  var digest: [UInt8] {
    var hasher = SHA256Hasher()
    for row in 0..<count {
      withCodes(of: row) { BaselineLayout.update(&hasher, rows[row], step: steps[row], codes: $0) }
    }
    return hasher.finalize().bytes
  }

  private func withCodes(of row: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    file.withBytes(of: codes) { bytes in
      body(UnsafeRawBufferPointer(rebasing: bytes[row * vocabulary * 2..<(row + 1) * vocabulary * 2]))
    }
  }
}

extension SafetensorsFile {
  /// The elements of a tensor of one dimension; nil where there is none of this type.
  fileprivate func vector<Element>(_ name: String, _ element: SafetensorsElement) -> [Element]? {
    guard let tensor = self[name], tensor.element == element, tensor.shape.count == 1 else { return nil }
    return withBytes(of: tensor) { bytes in
      (0..<tensor.shape[0]).map { index in
        bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self)
      }
    }
  }
}
