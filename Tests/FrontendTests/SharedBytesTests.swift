import Foundation
import Frontend
import Synchronization
import Testing

/// Tensors that share bytes, or have none.
@Suite
struct SharedBytesTests {
  /// Counts how often weights are read.
  private final class Reads: Sendable {
    private let reads = Mutex(0)
    var count: Int { reads.withLock { $0 } }
    func note() -> Bool {
      reads.withLock { $0 += 1 }
      return false
    }
  }

  private func withCheckpoint<Result>(
    _ tensors: [TorchFile.Tensor], of floats: [Float], _ body: (Checkpoint, Reads) throws -> Result
  ) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("quamba-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: url) }
    try Data("{}".utf8).write(to: url.appendingPathComponent("config.json"))
    let file = TorchFile.bytes(of: tensors, floats)
    try Data(file).write(to: url.appendingPathComponent("pytorch_model.bin"))
    let reads = Reads()
    return try body(try Checkpoint(ModelFiles(directory: url.path)) { reads.note() }, reads)
  }

  @Test
  func bytesAreReadOnceForAllTensorsThatShareThem() throws {
    let pairs = (0..<300).map { TorchFile.Tensor(name: "pair.\($0)", shape: [2, 1]) }
    let singles = (0..<300).map { TorchFile.Tensor(name: "single.\($0)", shape: [1]) }
    try withCheckpoint(pairs + singles, of: [1, .nan]) { checkpoint, reads in
      let bad = try checkpoint.nonFiniteTensors(among: Set(checkpoint.names))
      #expect(bad == pairs.map(\.name).sorted() && reads.count == 2)
      let none = try checkpoint.nonFiniteTensors(among: ["single.7", "absent"])
      #expect(none == [] && reads.count == 3)
    }
  }

  /// The product of the sizes from the front does not fit 64 bits.
  @Test
  func tensorsWithoutElements() throws {
    let shape = [1 << 40, 1 << 40, 0]
    try withCheckpoint([TorchFile.Tensor(name: "w", shape: shape)], of: [1]) { checkpoint, _ in
      #expect(checkpoint.entry("w")?.shape == shape && checkpoint.entry("w")?.elementCount == 0)
      let bad = try checkpoint.nonFiniteTensors(among: ["w"])
      #expect(bad == [])
      var value: Float = 1
      try withUnsafeMutablePointer(to: &value) {
        try checkpoint.read("w", 0..<0, into: UnsafeMutableBufferPointer(start: $0, count: 1))
      }
      #expect(throws: (any Error).self) {
        try checkpoint.read("w", 0..<1, into: UnsafeMutableBufferPointer(start: nil, count: 0))
      }
    }
  }

  @Test
  func whatNothingUsesIsNotRead() throws {
    var model = TinyModel()
    let used = model.tensors.count
    for place in 0..<20 { model.tensors["surprise.\(place)"] = [3] }
    try model.withDirectory { directory in
      let reads = Reads()
      #expect(throws: (any Error).self) {
        try ImportedModel(ModelFiles(directory: directory), checksValues: true) { reads.note() }
      }
      #expect(reads.count == used)
    }
  }
}

/// A file as torch writes it, of float tensors that all begin where their one storage does.
private enum TorchFile {
  struct Tensor {
    let name: String
    let shape: [Int]
  }

  static func bytes(of tensors: [Tensor], _ floats: [Float]) -> [UInt8] {
    let storage = floats.flatMap { bytes($0.bitPattern) }
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, content) in [("a/data.pkl", pickle(tensors, floats.count)), ("a/data/0", storage)] {
      let sizes = bytes(checksum(content)) + bytes(UInt32(content.count)) + bytes(UInt32(content.count))
      let lengths = bytes(UInt16(name.utf8.count)) + bytes(UInt16(0))
      let place = bytes(UInt32(file.count))
      file += bytes(UInt32(0x0403_4B50)) + [UInt8](repeating: 0, count: 10) + sizes + lengths
      file += Array(name.utf8) + content
      directory += bytes(UInt32(0x0201_4B50)) + [UInt8](repeating: 0, count: 12) + sizes + lengths
      directory += [UInt8](repeating: 0, count: 10) + place + Array(name.utf8)
    }
    let end = bytes(UInt32(directory.count)) + bytes(UInt32(file.count)) + bytes(UInt16(0))
    let counts = bytes(UInt32(0)) + bytes(UInt16(2)) + bytes(UInt16(2))
    return file + directory + bytes(UInt32(0x0605_4B50)) + counts + end
  }

  private static func pickle(_ tensors: [Tensor], _ count: Int) -> [UInt8] {
    var storage = Array("(".utf8) + word("storage") + Array("ctorch\nFloatStorage\n".utf8)
    storage += word("0") + word("cpu") + Array("J".utf8) + bytes(UInt32(count)) + Array("tQ".utf8)
    var stream: [UInt8] = [0x80, 2] + Array("}(".utf8)
    for tensor in tensors {
      stream += word(tensor.name) + Array("ctorch._utils\n_rebuild_tensor_v2\n(".utf8) + storage
      stream += Array("K\0".utf8) + tuple(tensor.shape) + tuple(tensor.shape.map { _ in 1 })
      stream += [0x89] + Array("ccollections\nOrderedDict\n)RtR".utf8)
    }
    return stream + Array("u.".utf8)
  }

  private static func word(_ text: String) -> [UInt8] {
    Array("X".utf8) + bytes(UInt32(text.utf8.count)) + Array(text.utf8)
  }

  private static func tuple(_ sizes: [Int]) -> [UInt8] {
    Array("(".utf8) + sizes.flatMap { [0x8A, 8] + bytes(UInt64($0)) } + Array("t".utf8)
  }

  private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    let rest = bytes.reduce(UInt32.max) { value, byte in
      (0..<8).reduce(value ^ UInt32(byte)) { value, _ in
        value & 1 == 0 ? value >> 1 : (value >> 1) ^ 0xEDB8_8320
      }
    }
    return ~rest
  }
}
