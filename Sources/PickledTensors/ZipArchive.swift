/// The directory of a zip archive whose entries are stored as they are; nothing else is accepted.
struct ZipArchive {
  /// One stored file.
  struct Entry {
    let name: String
    /// Its bytes in the archive.
    let byteRange: Range<Int>
    let checksum: UInt32
    /// Where its header begins.
    let headerOffset: Int
  }

  /// The entries in the order of their bytes.
  let entries: [Entry]

  /// Reads the directory of an archive that fills the whole file.
  /// - Throws: `PickledTensorsError` unless every record fits the others.
  init(_ file: ByteView) throws(PickledTensorsError) {
    let directory = try ZipDirectory(file)
    var entries: [Entry] = []
    var offset = directory.start
    for _ in 0..<directory.count {
      entries.append(try Self.entry(at: &offset, of: file, before: directory))
    }
    guard offset == directory.end else { throw .badArchive(.directory, offset: offset) }
    try Self.checkNames(entries)
    entries.sort { $0.headerOffset < $1.headerOffset }
    for (first, second) in zip(entries, entries.dropFirst())
    where first.byteRange.upperBound > second.headerOffset {
      throw .overlappingEntries(first.name, second.name)
    }
    self.entries = entries
  }

  private static func checkNames(_ entries: [Entry]) throws(PickledTensorsError) {
    var names: Set<[UInt8]> = []
    for entry in entries where !names.insert(Array(entry.name.utf8)).inserted {
      throw .duplicateEntry(entry.name)
    }
  }

  /// Bits that say that sizes follow the bytes, and that names are UTF-8.
  private static let knownFlags: UInt16 = 0x0808

  private static func entry(
    at offset: inout Int, of file: ByteView, before directory: ZipDirectory
  ) throws(PickledTensorsError) -> Entry {
    let start = offset
    let damaged = PickledTensorsError.badArchive(.directory, offset: start)
    guard let fixed = file.slice(from: start, count: 46), start + 46 <= directory.end,
      fixed.integer(UInt32.self, at: 0) == 0x0201_4B50, let flags = fixed.integer(UInt16.self, at: 8),
      let method = fixed.integer(UInt16.self, at: 10), let checksum = fixed.integer(UInt32.self, at: 16),
      let nameLength = fixed.integer(UInt16.self, at: 28),
      let extraLength = fixed.integer(UInt16.self, at: 30),
      fixed.integer(UInt16.self, at: 32) == 0, let disk = fixed.integer(UInt16.self, at: 34),
      let nameBytes = file.slice(from: start + 46, count: Int(nameLength)), let name = nameBytes.text,
      let extra = file.slice(from: start + 46 + Int(nameLength), count: Int(extraLength))
    else { throw damaged }
    offset = start + 46 + Int(nameLength) + Int(extraLength)
    guard offset <= directory.end, disk == 0 || disk == .max, nameLength <= PickledTensorsLimits.nameBytes
    else { throw damaged }
    guard method == 0, flags & ~knownFlags == 0 else { throw .notStored(entry: name) }
    guard let sizes = ZipSizes(fixed, extra: extra), sizes.stored == sizes.size,
      let size = Int(exactly: sizes.size), let header = Int(exactly: sizes.headerOffset)
    else { throw damaged }
    let data = try dataStart(header: header, name: nameBytes, flags: flags, file, before: directory.start)
    guard directory.start - data >= size else { throw damaged }
    return Entry(name: name, byteRange: data..<data + size, checksum: checksum, headerOffset: header)
  }

  /// Where an entry's bytes begin, behind a header that repeats its name.
  private static func dataStart(
    header: Int, name: ByteView, flags: UInt16, _ file: ByteView, before limit: Int
  ) throws(PickledTensorsError) -> Int {
    guard let fixed = file.slice(from: header, count: 30), fixed.integer(UInt32.self, at: 0) == 0x0403_4B50,
      fixed.integer(UInt16.self, at: 6) == flags, fixed.integer(UInt16.self, at: 8) == 0,
      let nameLength = fixed.integer(UInt16.self, at: 26), Int(nameLength) == name.count,
      let extraLength = fixed.integer(UInt16.self, at: 28),
      file.slice(from: header + 30, count: name.count)?.starts(with: name.array) == true,
      header + 30 + name.count + Int(extraLength) <= limit
    else { throw .badArchive(.header, offset: header) }
    return header + 30 + name.count + Int(extraLength)
  }
}

/// Sizes of an entry, from the directory or, where they need 64 bits, from its extra field.
private struct ZipSizes {
  var size: UInt64
  var stored: UInt64
  var headerOffset: UInt64

  /// Nil where a size of 64 bits is announced and missing.
  init?(_ fixed: ByteView, extra: ByteView) {
    guard let stored = fixed.integer(UInt32.self, at: 20), let size = fixed.integer(UInt32.self, at: 24),
      let offset = fixed.integer(UInt32.self, at: 42)
    else { return nil }
    (self.size, self.stored, headerOffset) = (UInt64(size), UInt64(stored), UInt64(offset))
    guard size == .max || stored == .max || offset == .max else { return }
    guard let long = Self.longField(in: extra) else { return nil }
    var position = 0
    func next() -> UInt64? {
      defer { position += 8 }
      return long.integer(UInt64.self, at: position)
    }
    if size == .max {
      guard let value = next() else { return nil }
      self.size = value
    }
    if stored == .max {
      guard let value = next() else { return nil }
      self.stored = value
    }
    if offset == .max {
      guard let value = next() else { return nil }
      headerOffset = value
    }
  }

  /// The extra field of sizes with 64 bits.
  private static func longField(in extra: ByteView) -> ByteView? {
    var offset = 0
    while let kind = extra.integer(UInt16.self, at: offset),
      let length = extra.integer(UInt16.self, at: offset + 2)
    {
      guard let field = extra.slice(from: offset + 4, count: Int(length)) else { return nil }
      if kind == 1 { return field }
      offset += 4 + Int(length)
    }
    return nil
  }
}
