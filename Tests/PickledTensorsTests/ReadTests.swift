import PickledTensors
import Testing

/// Files that torch saved.
@Suite struct ReadTests {
  /// Element i of every tensor is i / 8 - 1, or i - 1 for integers.
  @Test func everyTensorOfTheFixture() throws {
    let file = try PickledTensorsFile(path: fixture("small.bin"))
    let expected: [(String, PickledElement, [Int])] = [
      ("weight.f32", .f32, [3, 5]), ("weight.f16", .f16, [3, 5]), ("weight.bf16", .bf16, [3, 5]),
      ("weight.f64", .f64, [3]), ("steps", .i64, [4]), ("flags", .bool, [3]), ("bytes", .u8, [2]),
      ("scalar", .f32, []), ("empty", .f32, [0, 7]), ("whole", .f32, [24]), ("same", .f32, [24]),
      ("part", .f32, [2, 1, 4]), ("na\u{EF}ve name", .i8, [2]),
    ]
    #expect(file.tensors.map(\.name) == expected.map(\.0))
    #expect(file.tensors.map(\.element) == expected.map(\.1))
    #expect(file.tensors.map(\.shape) == expected.map(\.2))
    try file.checkStorages()
    let tensors = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })
    #expect(tensors["whole"]?.byteRange == tensors["same"]?.byteRange)
    for (name, first) in [("weight.f32", 0), ("whole", 0), ("part", 8), ("scalar", 0)] {
      let tensor = try #require(tensors[name])
      let values = file.withBytes(of: tensor) { bytes in
        (0..<tensor.elementCount).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
      #expect(values == values.indices.map { Float($0 + first) / 8 - 1 }, "\(name)")
    }
    let half = try #require(tensors["weight.bf16"])
    let bits = file.withBytes(of: half) { $0.loadUnaligned(fromByteOffset: 2 * 9, as: UInt16.self) }
    #expect(Float(bitPattern: UInt32(bits) << 16) == 0.125)
  }

  @Test func theMadeArchiveIsRead() throws {
    let file = try read(MadeArchive().bytes)
    #expect(file.tensors.map(\.shape) == [[2]])
    try file.checkStorages()
  }

  @Test func whatTorchWroteBefore() throws {
    #expect(throws: PickledTensorsError.legacyFormat) { try PickledTensorsFile(path: fixture("legacy.bin")) }
    #expect(throws: PickledTensorsError.notContiguous(tensor: "turned", shape: [3, 2], strides: [1, 3])) {
      try PickledTensorsFile(path: fixture("transposed.bin"))
    }
    #expect(throws: PickledTensorsError.notTensors(name: "settings")) {
      try PickledTensorsFile(path: fixture("settings.bin"))
    }
  }

  @Test func placesThatHoldNoFile() {
    #expect(throws: PickledTensorsError.notReadable(errno: 2)) {
      try PickledTensorsFile(path: "/none/such.bin")
    }
    #expect(throws: PickledTensorsError.notAFile) { try PickledTensorsFile(path: "/") }
    #expect(throws: PickledTensorsError.notAnArchive) { try read(Array("version https://git-lfs".utf8)) }
    #expect(throws: PickledTensorsError.notAnArchive) { try read([]) }
  }
}
