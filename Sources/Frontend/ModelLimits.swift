/// The largest counts of a config that have a limit of their own: what a plan can hold (`PlanLimits`), and enough layers.
package enum ModelLimits {
  /// Layers.
  package static let layers = 4_096
  /// State elements of a channel.
  package static let states = 256
  /// Taps of a convolution.
  package static let taps = 16
  /// Groups of heads.
  package static let groups = 1_024
  /// Channels of one head of attention.
  package static let headWidth = 256
  /// Experts of one router.
  package static let experts = 256
}
