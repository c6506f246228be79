/// Makes damaged plans look whole again, for tests of what is checked behind the checksum.
package enum PlanMending {
  /// Bytes of header and section table.
  package static var describedBytes: Int { FileLayout.tableEnd }

  /// Sets the checksum to the one of header and section table as they are.
  package static func mendChecksum(_ bytes: inout [UInt8]) {
    guard bytes.count >= FileLayout.tableEnd else { return }
    write(UInt32(0), at: FileLayout.Header.checksum, &bytes)
    var checksum = CRC32C()
    for byte in bytes[..<FileLayout.tableEnd] { checksum.update(byte) }
    write(checksum.value, at: FileLayout.Header.checksum, &bytes)
  }

  /// Sets everything that the header says but what the sections hold; the checksum last.
  package static func mendHeader(_ bytes: inout [UInt8]) {
    guard bytes.count >= FileLayout.tableEnd else { return }
    bytes.replaceSubrange(..<FileLayout.magic.count, with: FileLayout.magic)
    write(PlanVersion.current.major, at: FileLayout.Header.major, &bytes)
    write(PlanVersion.current.minor, at: FileLayout.Header.minor, &bytes)
    write(UInt32(0), at: FileLayout.Header.features, &bytes)
    write(UInt64(bytes.count), at: FileLayout.Header.fileLength, &bytes)
    write(UInt32(SectionKind.allCases.count), at: FileLayout.Header.sectionCount, &bytes)
    mendChecksum(&bytes)
  }

  /// Sets a number at an offset.
  package static func write(_ number: some FixedWidthInteger, at offset: Int, _ bytes: inout [UInt8]) {
    for step in 0..<(number.bitWidth / 8) {
      bytes[offset + step] = UInt8(truncatingIfNeeded: number >> (8 * step))
    }
  }
}
