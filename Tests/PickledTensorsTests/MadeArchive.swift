import Foundation
import PickledTensors

/// An archive as torch writes it, every part of which can be changed before it is written.
struct MadeArchive {
  struct Entry {
    var name: String
    var bytes: [UInt8]
    var method: UInt16 = 0
    var flags: UInt16 = 0x0808
    /// What the directory says where it lies; its true place unless given.
    var offset: Int?
    /// What the directory says of its length.
    var length: Int?
    var checksum: UInt32?
  }

  var entries: [Entry]
  var comment: [UInt8] = []

  /// One tensor "a" of two floats, and the files around it.
  init() {
    self.init(pickle: Pickle.dictionary([("a", Pickle.tensor())]))
  }

  /// A stream with one storage of two floats.
  init(pickle: [UInt8]) {
    entries = [
      Entry(name: "archive/data.pkl", bytes: pickle),
      Entry(name: "archive/byteorder", bytes: Array("little".utf8)),
      Entry(name: "archive/data/0", bytes: [0, 0, 128, 63, 0, 0, 0, 64]),
      Entry(name: "archive/version", bytes: [51, 10]),
    ]
  }

  /// The archive's bytes.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let place = bytes.count
      let name = Array(entry.name.utf8)
      let checksum = entry.checksum ?? Self.checksum(entry.bytes)
      bytes +=
        Self.words([0x0403_4B50]) + Self.halves([0, entry.flags, entry.method, 0, 0]) + Self.words([0, 0, 0])
      bytes += Self.halves([UInt16(name.count), 0]) + name + entry.bytes
      bytes += Self.words([0x0807_4B50, checksum, UInt32(entry.bytes.count), UInt32(entry.bytes.count)])
      let length = UInt32(entry.length ?? entry.bytes.count)
      directory += Self.words([0x0201_4B50]) + Self.halves([0, 0, entry.flags, entry.method, 0, 0])
      directory += Self.words([checksum, length, length])
      directory +=
        Self.halves([UInt16(name.count), 0, 0, 0, 0]) + Self.words([0, UInt32(entry.offset ?? place)]) + name
    }
    let start = bytes.count
    bytes += directory + Self.words([0x0605_4B50]) + Self.halves([0, 0])
    bytes += Self.halves([UInt16(entries.count), UInt16(entries.count)])
    return bytes + Self.words([UInt32(directory.count), UInt32(start)]) + Self.halves([UInt16(comment.count)])
      + comment
  }

  static func words(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  static func halves(_ halves: [UInt16]) -> [UInt8] {
    halves.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  }

  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var value = UInt32.max
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : (value >> 1) ^ 0xEDB8_8320 }
    }
    return ~value
  }
}

/// Pieces of pickle streams.
enum Pickle {
  static func text(_ text: String) -> [UInt8] {
    [UInt8(ascii: "X")] + littleEndian(text.utf8.count, bytes: 4) + Array(text.utf8)
  }

  static func integer(_ value: Int) -> [UInt8] {
    [0x8A, 8] + littleEndian(value, bytes: 8)
  }

  private static func littleEndian(_ value: Int, bytes: Int) -> [UInt8] {
    (0..<bytes).map { place in UInt8(truncatingIfNeeded: value >> (8 * place)) }
  }

  static func tuple(_ parts: [[UInt8]]) -> [UInt8] {
    let inner: [UInt8] = parts.flatMap { $0 }
    return Array("(".utf8) + inner + Array("t".utf8)
  }

  static func global(_ name: String) -> [UInt8] { Array("c\(name.replacing(" ", with: "\n"))\n".utf8) }

  static func storage(_ type: String = "FloatStorage", key: String = "0", count: Int = 2) -> [UInt8] {
    tuple([text("storage"), global("torch \(type)"), text(key), text("cpu"), integer(count)])
      + Array("Q".utf8)
  }

  static let hooks = global("collections OrderedDict") + Array(")R".utf8)

  static func tensor(
    _ storage: [UInt8] = storage(), offset: Int = 0, shape: [Int] = [2], strides: [Int] = [1]
  ) -> [UInt8] {
    global("torch._utils _rebuild_tensor_v2")
      + tuple([
        storage, integer(offset), tuple(shape.map(integer)), tuple(strides.map(integer)), [0x89], hooks,
      ])
      + Array("R".utf8)
  }

  /// A whole stream: a dictionary of values by name.
  static func dictionary(_ members: [(String, [UInt8])]) -> [UInt8] {
    stream(Array("}(".utf8) + members.flatMap { text($0.0) + $0.1 } + Array("u".utf8))
  }

  /// A whole stream of one value.
  static func stream(_ value: [UInt8]) -> [UInt8] { [0x80, 2] + value + Array(".".utf8) }
}

/// Reads bytes as a file.
func read(_ bytes: [UInt8]) throws -> PickledTensorsFile {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("quamba-\(UUID().uuidString).bin")
  try Data(bytes).write(to: url)
  defer { try? FileManager.default.removeItem(at: url) }
  return try PickledTensorsFile(path: url.path)
}

/// The path of a file that torch saved.
func fixture(_ name: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)").path
}

/// The bytes of a file that torch saved.
func fixtureBytes(_ name: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture(name))))
}
