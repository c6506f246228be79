import Glibc
import JSONText
import Safetensors
import Testing

@Suite struct WriteTests {
  private typealias Entry = SafetensorsWriter.Entry

  /// Copies a file tensor by tensor, in pieces of at most 7 bytes.
  @Test func writerAgreesWithTheReference() throws {
    let path = fixture("small.safetensors")
    let source = try SafetensorsFile(path: path)
    let entries = source.tensors.map { Entry(name: $0.name, element: $0.element, shape: $0.shape) }
    try withTemporaryFile { copy, descriptor in
      try SafetensorsWriter.write(entries, metadata: source.metadata, to: descriptor) { entry, append in
        let tensor = try #require(source[entry.name])
        try source.withBytes(of: tensor) { bytes in
          for start in stride(from: 0, to: bytes.count, by: 7) {
            try append(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + 7, bytes.count)]))
          }
        }
      }
      #expect(readFile(copy) == readFile(path))
    }
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let entries = SafetensorsElement.allCases.map { Entry(name: "é\0\($0)", element: $0, shape: [2, 1, 3]) }
    try withTemporaryFile { path, descriptor in
      try SafetensorsWriter.write(entries, metadata: ["b": "\n", "a": ""], to: descriptor) { entry, append in
        let bytes = [UInt8](repeating: UInt8(entry.element.byteWidth), count: 6 * entry.element.byteWidth)
        try bytes.withUnsafeBytes { try append($0) }
      }
      let file = try SafetensorsFile(path: path)
      #expect(file.metadata == ["b": "\n", "a": ""])
      #expect(file.tensors.map(\.name) == entries.map(\.name))
      #expect(file.tensors.map(\.element) == entries.map(\.element))
      for tensor in file.tensors {
        #expect(tensor.shape == [2, 1, 3])
        #expect(tensor.elementCount == 6)
        #expect(file.withBytes(of: tensor) { $0.allSatisfy { Int($0) == tensor.element.byteWidth } })
      }
      #expect((file.tensors.first?.byteRange.lowerBound ?? 1) % 8 == 0)
    }
  }

  @Test func noTensorsMakeAFileToo() throws {
    try withTemporaryFile { path, descriptor in
      try SafetensorsWriter.write([], to: descriptor) { _, _ in }
      #expect(try SafetensorsFile(path: path).tensors.isEmpty)
    }
  }

  @Test(
    arguments: [
      (
        [Entry(name: "a", element: .u8, shape: []), Entry(name: "a", element: .u8, shape: [])],
        .duplicateName("a")
      ),
      ([Entry(name: "__metadata__", element: .u8, shape: [])], .reservedName("__metadata__")),
      ([Entry(name: "a", element: .u8, shape: [-1])], .negativeDimension(tensor: "a", dimension: -1)),
      ([Entry(name: "a", element: .f32, shape: [.max])], .overflow(tensor: "a")),
      (
        [Entry(name: "a", element: .u8, shape: [.max]), Entry(name: "b", element: .u8, shape: [1])],
        .overflow(tensor: "b")
      ),
      (
        [Entry(name: "a", element: .u8, shape: Array(repeating: 1, count: 9))],
        .rankTooHigh(tensor: "a", rank: 9, limit: 8)
      ),
    ] as [([SafetensorsWriter.Entry], SafetensorsError)])
  func entriesAreChecked(entries: [SafetensorsWriter.Entry], error: SafetensorsError) {
    withTemporaryFile { path, descriptor in
      #expect(throws: error) { try SafetensorsWriter.write(entries, to: descriptor) { _, _ in } }
      #expect(readFile(path).isEmpty)
    }
  }

  @Test(arguments: [0, 3, 5])
  func contentIsCounted(count: Int) {
    withTemporaryFile { _, descriptor in
      let error = SafetensorsError.wroteOtherBytes(tensor: "a", promisedBytes: 4, writtenBytes: count)
      #expect(throws: error) {
        try SafetensorsWriter.write([Entry(name: "a", element: .f32, shape: [])], to: descriptor) {
          _, append in
          try [UInt8](repeating: 0, count: count).withUnsafeBytes { try append($0) }
        }
      }
    }
  }

  @Test func failuresOfTheSystemAreErrors() {
    #expect(throws: SafetensorsError.notWritable(errno: EBADF)) {
      try SafetensorsWriter.write([], to: -1) { _, _ in }
    }
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    #expect(throws: SafetensorsError.notWritable(errno: ENOSPC)) {
      try SafetensorsWriter.write([], to: full) { _, _ in }
    }
  }

  @Test(
    arguments: [
      (.truncated(promisedBytes: 9, heldBytes: 4), "the file is cut short: it promises 9 bytes and holds 4"),
      (.notReadable(errno: ENOENT), "the file cannot be read: No such file or directory"),
      (.overlap(tensor: "b", previous: "a", bytes: 3), #"tensors "a" and "b" share 3 bytes"#),
      (.hole(tensor: "b\n", bytes: 3), #"3 bytes before tensor "b\n" belong to no tensor"#),
      (
        .shapeMismatch(tensor: "a", promisedBytes: 8, heldBytes: 4),
        #"the shape of tensor "a" needs 8 bytes, its offsets hold 4"#
      ),
      (
        .headerJSON(JSONError(message: "expected an object", path: "$.a")),
        "the header is malformed: $.a: expected an object"
      ),
    ] as [(SafetensorsError, String)])
  func errorsAreSentences(error: SafetensorsError, sentence: String) {
    #expect(error.description == sentence)
  }
}
