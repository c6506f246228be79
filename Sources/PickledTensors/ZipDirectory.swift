/// Where the directory of a zip archive lies, from the records at the archive's end.
struct ZipDirectory {
  /// Where the first entry begins.
  private(set) var start: Int
  /// Where the last entry ends.
  private(set) var end: Int
  /// Number of entries.
  private(set) var count: Int

  private static let endLength = 22
  private static let locatorLength = 20
  private static let end64Length = 56

  /// Finds the directory; the end record without a comment must close the file.
  init(_ file: ByteView) throws(PickledTensorsError) {
    let last = file.count - Self.endLength
    guard last >= 0, file.starts(with: [0x50, 0x4B]), file.integer(UInt32.self, at: last) == 0x0605_4B50
    else {
      throw Self.failure(file)
    }
    guard let disk = file.integer(UInt32.self, at: last + 4), disk == 0 || disk == .max,
      let here = file.integer(UInt16.self, at: last + 8),
      let entries = file.integer(UInt16.self, at: last + 10),
      here == entries, let size = file.integer(UInt32.self, at: last + 12),
      let offset = file.integer(UInt32.self, at: last + 16), file.integer(UInt16.self, at: last + 20) == 0
    else { throw .badArchive(.end, offset: last) }
    let locator = last - Self.locatorLength
    if file.integer(UInt32.self, at: locator) == 0x0706_4B50 {
      self = try Self(file, locator: locator)
      guard entries == .max || Int(entries) == count, size == .max || Int(size) == end - start,
        offset == .max || Int(offset) == start
      else { throw .badArchive(.end, offset: last) }
    } else {
      (start, end, count) = (Int(offset), last, Int(entries))
      guard start <= end, end - start == Int(size) else { throw .badArchive(.end, offset: last) }
    }
    guard count <= PickledTensorsLimits.entries else {
      throw .tooManyEntries(count: UInt64(count), limit: PickledTensorsLimits.entries)
    }
  }

  /// Reads the record of 64 bits in front of its locator.
  private init(_ file: ByteView, locator: Int) throws(PickledTensorsError) {
    let record = locator - Self.end64Length
    guard file.integer(UInt32.self, at: locator + 4) == 0, file.integer(UInt32.self, at: locator + 16) == 1,
      file.integer(UInt64.self, at: locator + 8).flatMap({ Int(exactly: $0) }) == record
    else { throw .badArchive(.locator, offset: locator) }
    guard file.integer(UInt32.self, at: record) == 0x0606_4B50,
      file.integer(UInt64.self, at: record + 4) == UInt64(Self.end64Length - 12),
      file.integer(UInt64.self, at: record + 16) == 0, let here = file.integer(UInt64.self, at: record + 24),
      let entries = file.integer(UInt64.self, at: record + 32), here == entries,
      let count = Int(exactly: entries),
      let size = file.integer(UInt64.self, at: record + 40).flatMap({ Int(exactly: $0) }),
      let start = file.integer(UInt64.self, at: record + 48).flatMap({ Int(exactly: $0) }),
      start <= record, record - start == size
    else { throw .badArchive(.end64, offset: record) }
    (self.start, end, self.count) = (start, record, count)
  }

  /// What a file without an end record is.
  private static func failure(_ file: ByteView) -> PickledTensorsError {
    // A pickle of protocol 2 whose first value is torch's magic number.
    let legacy: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    if file.starts(with: legacy) { return .legacyFormat }
    guard file.starts(with: [0x50, 0x4B]) else { return .notAnArchive }
    return .badArchive(.end, offset: max(file.count - endLength, 0))
  }
}
