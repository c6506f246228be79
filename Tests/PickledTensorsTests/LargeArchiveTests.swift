import Foundation
import PickledTensors
import Testing

/// Archives above 4 GiB, whose sizes and offsets have 64 bits, as torch writes them; their first storage is a hole.
@Suite(.serialized)
struct LargeArchiveTests {
  /// Floats of the hole: 4.5 GiB.
  private static let count = 9 << 27

  private static let pickle = Pickle.dictionary([
    (
      "a",
      Pickle.tensor(Pickle.storage(key: "0", count: count), shape: [9, 1 << 27], strides: [1 << 27, 1])
    ),
    ("b", Pickle.tensor(Pickle.storage(key: "1"))),
  ])

  private struct Entry {
    let name: String
    let bytes: [UInt8]
    /// Bytes of a hole that follow.
    var hole = 0
  }

  /// What the directory says of the size of the hole's entry, and of where the entry behind it begins.
  private struct Lies {
    var size: UInt64?
    var offset: UInt64?
    var leavesExtraOut = false
  }

  private func read<Result>(_ lies: Lies = Lies(), _ body: (PickledTensorsFile) throws -> Result) throws
    -> Result
  {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("quamba-\(UUID().uuidString).bin")
    try Data().write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    try write(to: try FileHandle(forWritingTo: url), lies)
    return try body(try PickledTensorsFile(path: url.path))
  }

  private func write(to file: FileHandle, _ lies: Lies) throws {
    let entries = [
      Entry(name: "m/data.pkl", bytes: Self.pickle), Entry(name: "m/byteorder", bytes: Array("little".utf8)),
      Entry(name: "m/data/0", bytes: [], hole: Self.count * 4),
      Entry(name: "m/data/1", bytes: [0, 0, 128, 63, 0, 0, 0, 64]),
      Entry(name: "m/version", bytes: [51, 10]),
    ]
    var directory: [UInt8] = []
    for entry in entries {
      let offset = try file.offset()
      let name = Array(entry.name.utf8)
      let header = MadeArchive.words([0x0403_4B50]) + MadeArchive.halves([0, 0x0808, 0, 0, 0])
      let sizes = MadeArchive.words([0, 0, 0]) + MadeArchive.halves([UInt16(name.count), 0])
      try file.write(contentsOf: header + sizes + name + entry.bytes)
      try file.seek(toOffset: try file.offset() + UInt64(entry.hole))
      directory += record(entry, at: offset, lies)
    }
    let start = try file.offset()
    let count = UInt64(entries.count)
    let end =
      MadeArchive.words([0x0606_4B50]) + longs([44]) + MadeArchive.halves([798, 45])
      + MadeArchive.words([0, 0]) + longs([count, count, UInt64(directory.count), start])
    let locator =
      MadeArchive.words([0x0706_4B50, 0]) + longs([start + UInt64(directory.count)]) + MadeArchive.words([1])
    let last =
      MadeArchive.words([0x0605_4B50]) + MadeArchive.halves([0, 0, UInt16(count), UInt16(count)])
      + MadeArchive.words([UInt32(directory.count), .max]) + MadeArchive.halves([0])
    try file.write(contentsOf: directory + end + locator + last)
    try file.close()
  }

  /// An entry of the directory: what does not fit 32 bits stands in the extra field.
  private func record(_ entry: Entry, at offset: UInt64, _ lies: Lies) -> [UInt8] {
    var (size, offset) = (UInt64(entry.bytes.count + entry.hole), offset)
    if entry.hole > 0, let lie = lies.size { size = lie }
    if entry.name.hasSuffix("/1"), let lie = lies.offset { offset = lie }
    var long: [UInt64] = []
    if size >= UInt32.max { long += [size, size] }
    if offset >= UInt32.max { long.append(offset) }
    let extra =
      long.isEmpty || lies.leavesExtraOut
      ? [] : MadeArchive.halves([1, UInt16(long.count * 8)]) + longs(long)
    let short = UInt32(clamping: size)
    return MadeArchive.words([0x0201_4B50]) + MadeArchive.halves([0, 0, 0x0808, 0, 0, 0])
      + MadeArchive.words([MadeArchive.checksum(entry.bytes), short, short])
      + MadeArchive.halves([UInt16(entry.name.utf8.count), UInt16(extra.count), 0, 0, 0])
      + MadeArchive.words([0, UInt32(clamping: offset)]) + Array(entry.name.utf8) + extra
  }

  private func longs(_ values: [UInt64]) -> [UInt8] {
    values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  }

  @Test
  func sizesAndOffsetsOf64Bits() throws {
    try read { file in
      try #require(file.tensors.map(\.name) == ["a", "b"])
      #expect(file.tensors[0].byteRange.count == Self.count * 4)
      #expect(file.tensors[1].byteRange.lowerBound > 4 << 30)
      #expect(file.withBytes(of: file.tensors[1]) { Array($0) } == [0, 0, 128, 63, 0, 0, 0, 64])
      #expect(file.withBytes(of: file.tensors[0]) { $0[$0.count - 1] } == 0)
    }
  }

  @Test(
    arguments: [UInt64.max, 1 << 63, (1 << 63) - 1, UInt64(count * 4) + 1024, UInt64(UInt32.max)] as [UInt64])
  func sizesThatCannotBe(_ size: UInt64) {
    #expect(throws: PickledTensorsError.self) { try read(Lies(size: size)) { $0.tensors.count } }
  }

  @Test(arguments: [UInt64.max, 1 << 63, (1 << 63) - 1, 5 << 30, UInt64(UInt32.max)] as [UInt64])
  func offsetsThatCannotBe(_ offset: UInt64) {
    #expect(throws: PickledTensorsError.self) { try read(Lies(offset: offset)) { $0.tensors.count } }
  }

  @Test
  func announcedAndMissing() {
    #expect(throws: PickledTensorsError.self) { try read(Lies(leavesExtraOut: true)) { $0.tensors.count } }
  }
}
