import IR
import JSONText
import PlanFormat
import PlanRuntime

/// The way back from the rotated residual stream that a plan holds, by the recipe that is stored in it.
struct ResidualBasis {
  private let shape: HadamardShape
  private let signs: [Float]

  /// Nil for a plan whose residual stream is not rotated.
  init?(_ plan: Plan) {
    guard let text = plan.view.metadata("recipe"), let recipe = try? JSONText.parse(text),
      let rotation = try? JSONCursor(recipe)["rotation"], (try? rotation["kind"].string()) == "residual"
    else { return nil }
    let width = Int(plan.view.model.width)
    shape = HadamardShape(width: width)
    guard let seed = try? rotation["signs"].int() else {
      signs = Array(repeating: 1, count: width)
      return
    }
    signs = ConstantSource.signs(count: width, seed: seed)
  }

  /// A row of the stream in the checkpoint's own basis: the inverse rotation, then the signs.
  func restored(_ row: [Float]) -> [Float] { zip(shape.inverse(row), signs).map(*) }
}
