import Glibc
import Safetensors
import Testing

/// Files that are in order.
@Suite struct ReadTests {
  private func elements<T>(_ name: String, of file: SafetensorsFile, as type: T.Type) throws -> [T] {
    let tensor = try #require(file[name])
    return file.withBytes(of: tensor) { bytes in
      (0..<tensor.elementCount).map {
        bytes.loadUnaligned(fromByteOffset: $0 * tensor.element.byteWidth, as: type)
      }
    }
  }

  private let values = (0..<15).map { Float($0) / 8 - 1 }

  @Test func referenceFile() throws {
    let path = fixture("small.safetensors")
    let file = try SafetensorsFile(path: path)
    #expect(file.path == path)
    #expect(file.byteCount == readFile(path).count)
    #expect(file.metadata == ["format": "pt"])
    #expect(
      file.tensors.map(\.name) == [
        "steps", "empty", "scalar", "weight.f32", "weight.bf16", "weight.f16", "naïve \"name\"", "flags",
      ])
    #expect(file["empty"]?.shape == [0, 7])
    #expect(file["empty"]?.elementCount == 0)
    #expect(file["scalar"]?.shape == [])
    #expect(file["weight.bf16"]?.element == .bf16)
    #expect(file["weight.bf16"]?.shape == [3, 5])
    #expect(file["nothing"] == nil)
    #expect(file["nai\u{308}ve \"name\""] == nil)
  }

  @Test func referenceValues() throws {
    let file = try SafetensorsFile(path: fixture("small.safetensors"))
    #expect(try elements("weight.f32", of: file, as: Float.self) == values)
    #expect(try elements("weight.f16", of: file, as: Float16.self).map(Float.init) == values)
    let halves = try elements("weight.bf16", of: file, as: UInt16.self)
    #expect(halves.map { Float(bitPattern: UInt32($0) << 16) } == values)
    #expect(try elements("steps", of: file, as: Int64.self) == [-1, 0, 1, 2])
    #expect(try elements("flags", of: file, as: UInt8.self) == [1, 0, 1])
    #expect(try elements("scalar", of: file, as: Float.self) == [-1])
    #expect(try elements("empty", of: file, as: Float.self) == [])
    #expect(try elements("naïve \"name\"", of: file, as: Int8.self) == [-1, 0])
  }

  @Test func tensorsComeInTheOrderOfTheirBytes() throws {
    let members = [
      member("c", "U8", "1", "3", "4"), member("empty", "U8", "0", "3", "3"),
      member("a", "U8", "3", "0", "3"),
    ]
    let header = try parse(makeFile("{\(members.joined(separator: ","))}", data: 4))
    #expect(header.tensors.map(\.name) == ["a", "empty", "c"])
  }

  @Test(arguments: ["{}", "{}      ", "{ }\n", #"{"__metadata__":{}}"#])
  func noTensors(header: String) throws {
    #expect(try parse(makeFile(header, data: 0)).tensors.isEmpty)
  }

  @Test func tensorsMayLieAtAnyAddress() throws {
    try withTemporaryFile { path, descriptor in
      let bytes = makeFile("{\(member("a", "F32", "2", "0", "8"))} ", data: 8)
      #expect(bytes.count % 2 == 1)
      bytes.withUnsafeBytes { _ = write(descriptor, $0.baseAddress, $0.count) }
      let file = try SafetensorsFile(path: path)
      #expect(try elements("a", of: file, as: UInt32.self) == [0x0302_0100, 0x0706_0504])
    }
  }

  @Test func droppedPagesAreReadAgain() throws {
    try withTemporaryFile { path, descriptor in
      let bytes = makeFile("{\(member("a", "U8", "20000", "0", "20000"))}", data: 20000)
      bytes.withUnsafeBytes { _ = write(descriptor, $0.baseAddress, $0.count) }
      let file = try SafetensorsFile(path: path)
      let before = try elements("a", of: file, as: UInt8.self)
      try file.adviseDontNeed(#require(file["a"]))
      #expect(try elements("a", of: file, as: UInt8.self) == before)
    }
  }

  @Test func whatIsNoFileIsRefused() {
    #expect(throws: SafetensorsError.notReadable(errno: ENOENT)) { try SafetensorsFile(path: "no/such/file") }
    #expect(throws: SafetensorsError.notAFile) { try SafetensorsFile(path: ".") }
    #expect(throws: SafetensorsError.notAFile) { try SafetensorsFile(path: "/dev/null") }
    withTemporaryFile { path, _ in
      #expect(throws: SafetensorsError.truncated(promisedBytes: 8, heldBytes: 0)) {
        try SafetensorsFile(path: path)
      }
    }
  }
}
