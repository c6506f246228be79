import Glibc
import Safetensors
import Testing

@Suite struct LayoutTests {
  @Test func placesAreThoseOfTheWriter() throws {
    let entries: [SafetensorsWriter.Entry] = [
      .init(name: "b", element: .u8, shape: [3]), .init(name: "a", element: .f64, shape: [2, 1]),
      .init(name: "none", element: .f32, shape: [0]), .init(name: "c", element: .u16, shape: []),
    ]
    let layout = try SafetensorsLayout(entries, metadata: ["k": "v"])
    try withTemporaryFile { path, descriptor in
      try SafetensorsWriter.write(entries, metadata: ["k": "v"], to: descriptor) { entry, append in
        let bytes = [UInt8](repeating: 7, count: entry.shape.reduce(entry.element.byteWidth, *))
        try bytes.withUnsafeBytes { try append($0) }
      }
      let file = try SafetensorsFile(path: path)
      #expect(layout.byteCount == file.byteCount)
      #expect(readFile(path).starts(with: layout.header))
      for tensor in file.tensors { #expect(layout.offset(of: tensor.name) == tensor.byteRange.lowerBound) }
    }
    #expect(layout.offset(of: "d") == nil)
  }

  @Test func whatTheWriterRefusesIsRefused() throws {
    let entry = SafetensorsWriter.Entry(name: "a", element: .u8, shape: [1])
    #expect(throws: SafetensorsError.duplicateName("a")) { try SafetensorsLayout([entry, entry]) }
    let large = SafetensorsWriter.Entry(name: "l", element: .f64, shape: [1 << 60])
    #expect(throws: SafetensorsError.overflow(tensor: "l")) { try SafetensorsLayout([large]) }
    let most = SafetensorsWriter.Entry(name: "m", element: .u8, shape: [.max])
    #expect(throws: SafetensorsError.overflow(tensor: "m")) { try SafetensorsLayout([most]) }
  }
}
